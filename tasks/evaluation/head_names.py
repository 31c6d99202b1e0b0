"""Names that the scores of heads are written and looked for under."""

# Of people that the heads were not fitted on, and of those that they were.
HEADS, LABELLED = "heads", "labelled"
OWN_PICTURES, DECODER_PICTURES = "own pictures", "decoder pictures"
OWN_HEAD, DRAWN_HEAD = "head of own pictures", "head of decoder pictures"
CROSSED, PACKAGED = "linear head, cross-validated", "packaged"
