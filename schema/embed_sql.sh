#!/bin/sh
# embed_sql.sh DIR - print a C file that holds the SQL of DIR, as daemon/store/store_sql.h declares it:
# tables.sql and migration_*.sql in order, and views.sql. So the daemon needs no file at run time.
set -eu
dir=$1

# C has no long string literals (4095 characters by the standard), so a file becomes an array of
# characters. SQL is kept to ASCII; what is not stops the build here.
array() {
	printf 'static const char %s[] = {\n' "$1"
	LC_ALL=C awk '
	/[^ -~\t]/ {
		printf "%s:%d: not ASCII\n", FILENAME, FNR > "/dev/stderr"
		exit 1
	}
	{
		out = "\t"
		for (i = 1; i <= length($0); i++) {
			c = substr($0, i, 1)
			if (c == "\t")
				c = "\\t"
			else if (c == "\\" || c == "\047")
				c = "\\" c
			out = out "\047" c "\047,"
		}
		print out "\047\\n\047,"
	}' "$2"
	printf '\t0};\n\n'
}

printf '/* Made by embed_sql.sh from the .sql files. */\n#include "store_sql.h"\n\n'

names=
for file in "$dir/tables.sql" "$dir"/migration_*.sql; do
	[ -e "$file" ] || continue # the pattern itself, when there is none
	name=$(basename "$file" .sql)
	array "$name" "$file"
	names="$names $name,"
done
array views "$dir/views.sql"

printf 'const char *const store_migrations[] = {%s};\n' "${names# }"
printf 'const int store_migration_count = sizeof(store_migrations) / sizeof(*store_migrations);\n'
printf 'const char *const store_views = views;\n'
checksum=$(cksum < "$dir/views.sql" | sed 's/ .*//')
printf 'const long long store_views_checksum = %sLL;\n' "$checksum"
