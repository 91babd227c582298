# Reads the output of go test -v and prints the reasons for which tests were
# skipped, each with how many and the first few.
/^=== / { next }
/^[[:space:]]+[A-Za-z0-9_]+_test\.go:[0-9]+: / {
	reason = $0
	sub(/^[[:space:]]+[A-Za-z0-9_]+_test\.go:[0-9]+: /, "", reason)
	next
}
/--- SKIP: / {
	name = $0
	sub(/.*--- SKIP: /, "", name)
	sub(/ \(.*/, "", name)
	count[reason]++
	if (count[reason] <= 3) who[reason] = who[reason] " " name
}
END {
	for (reason in count) {
		more = ""
		if (count[reason] > 3) more = " and others"
		printf("  %d: %s:%s%s\n", count[reason], reason, who[reason], more)
	}
}
