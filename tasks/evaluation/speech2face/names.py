"""Names that the evaluation of Speech2Face writes and its report looks for."""

MATCHING, RECALL, GENDER, ANGLE = "matching", "recall_at_10", "gender_agreement", "angle_deg"
VOICES = "features of voices"
DEFAULT = "as configured"
