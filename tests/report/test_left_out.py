from tasks.data.left_out import LeftOut
from tasks.report.dataset.attrition import build_left_out
from tasks.report_dataset import describe_metrics


def test_rows_left_out_are_counted_and_the_first_are_named():
    table = build_left_out(LeftOut(3, 25, ("a.csv:2: value 'x'", "a.csv:9: value 'y'")))
    assert [row[1] for row in table.rows] == [3, 25, None, None]
    assert table.rows[2][2] == "a.csv:2: value 'x'"


def test_the_artifact_says_what_came_through_and_what_was_lost(tmp_path):
    metrics = {
        "clips_kept": 3,
        "clips_listed": 4,
        "clips_kept_share": 0.75,
        "people": 2,
        "speech_h": 0.5,
        "lost_align_faces_no_face": 1,
        "rows_bad": 7,
        "rows_repeated": 0,
    }
    text = describe_metrics(metrics, tmp_path / "index.html")
    assert "3 of 4 clips** came through (75.0%), 2 people, 0.50 h" in text
    assert "| `align_faces_no_face` | 1 |" in text
    assert "7 bad and 0 repeated rows" in text
