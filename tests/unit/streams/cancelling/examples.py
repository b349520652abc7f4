"""What these tests speak of."""

AT_ONCE = ["cancelled", "CANCELLED", "end", "cancellation's offset"]
OTHER_TASK = "01890a5d-ac96-774b-bcce-b302099a8058"
HOOK = "https://example.com/hook"
