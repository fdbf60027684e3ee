# Samples as tables. A line of input is TABLE, CASE, WHO, MEASURE and VALUE, separated by tabs;
# of all with the same first four the median is printed, and half of what lies between the
# smallest and the largest: the noise.
function order(n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && one[j - 1] > one[j]; j--) {
			t = one[j]; one[j] = one[j - 1]; one[j - 1] = t
		}
}
function number(v) { return sprintf(v >= 100 ? "%.0f" : v >= 10 ? "%.1f" : "%.2f", v) }
function cell(key,    i, n, middle) {
	n = split(values[key], one, " ")
	if (n == 0)
		return "-"
	for (i = 1; i <= n; i++) one[i] += 0
	order(n)
	middle = (one[int((n + 1) / 2)] + one[int(n / 2) + 1]) / 2
	if (n == 1 || one[1] == one[n])
		return number(middle)
	return sprintf("%s ±%.0f%%", number(middle), middle ? 50 * (one[n] - one[1]) / middle : 0)
}
# printf counts bytes, and ± has two.
function right(text, width) { return sprintf("%*s", width + (index(text, "±") ? extra : 0), text) }

BEGIN { FS = "\t"; extra = length("±") == 2 }
NF == 5 {
	row = $1 FS $2 FS $3
	if (!($1 in table_seen)) { table_seen[$1]; tables[++table_count] = $1 }
	if (!(row in row_seen)) { row_seen[row]; rows[++row_count] = row }
	if (!(($1 FS $4) in measure_seen)) {
		measure_seen[$1 FS $4]
		measures[$1] = measures[$1] (measures[$1] ? FS : "") $4
	}
	values[row FS $4] = values[row FS $4] " " $5
}
END {
	for (t = 1; t <= table_count; t++) {
		m = split(measures[tables[t]], measure, FS)
		printf "\n%-40s %-18s", tables[t], ""
		for (k = 1; k <= m; k++) printf "  %18s", measure[k]
		print ""
		for (r = 1; r <= row_count; r++) {
			split(rows[r], part, FS)
			if (part[1] != tables[t])
				continue
			printf "  %-38s %-18s", part[2], part[3]
			for (k = 1; k <= m; k++) printf "  %s", right(cell(rows[r] FS measure[k]), 18)
			print ""
		}
	}
}
