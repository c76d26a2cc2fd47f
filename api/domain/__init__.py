"""What computes, compares and judges: no framework, no database, no clock."""
