"""Normal anatomy as functions of space: sizes of one patient, where the levels stand, bones, discs, canal, trunk."""
