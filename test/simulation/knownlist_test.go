package simulation

// known faults, which are found and not mended yet.
var known = []fault{}
