# SPDX-License-Identifier: MIT
#
# Print a sample configuration from the tables: every key, its meaning and its
# default, commented out.  Rows: OPTION in options.def, LIMIT in limits.def.

BEGIN {
    print "# Every line that starts with # is a comment; what stands here is"
    print "# the default."
}

# Cut the arguments of a row into arg[1..n]; commas in quotes do not count.
function cut_row(row,    i, c, quoted) {
    sub(/^[A-Z]+\(/, "", row)
    sub(/\)[ \t]*$/, "", row)
    n = 1
    split("", arg)
    for (i = 1; i <= length(row); i++) {
        c = substr(row, i, 1)
        if (c == "\"")
            quoted = !quoted
        else if (c == "," && !quoted)
            n++
        else if (quoted || c != " ")
            arg[n] = arg[n] c
    }
}

function sample(doc, key, value) {
    if (sub(/^N_\(/, "", doc))
        sub(/\)$/, "", doc)
    printf "\n# %s\n#%s =%s\n", doc, key, value == "" ? "" : " " value
}

/^OPTION\(/ {
    cut_row($0)
    if (arg[9] != "ARGV")
        sample(arg[10], arg[3], arg[5] == "NULL" ? "" : arg[5])
}

/^LIMIT\(/ {
    cut_row($0)
    sample(arg[8] " (" arg[7] ")", arg[6], arg[3])
}
