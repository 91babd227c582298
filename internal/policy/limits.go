package policy

// Limits of a folder of rules. They are not for a site to raise: a rule costs time
// in each decision, and nobody reviews more.
const (
	maxFileBytes = 64 << 10 // a file of 64 KiB is 150 rules
	maxFiles     = 256
	maxRules     = 1000 // 200 ns each: still under a millisecond a decision
	maxNesting   = 64   // of brackets; the parser is recursive
	maxProblems  = 100  // that are told at once
)
