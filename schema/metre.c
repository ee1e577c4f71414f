#include "metre.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	int beats;
	int parts;
} metres[METRE_COUNT] = {
	[METRE_2_4] = {"2/4", 2, 2}, [METRE_3_4] = {"3/4", 3, 2},   [METRE_4_4] = {"4/4", 4, 2},
	[METRE_6_8] = {"6/8", 2, 3}, [METRE_12_8] = {"12/8", 4, 3},
};

bool metre_valid(int value)
{
	return value >= 0 && value < METRE_COUNT;
}

const char *metre_name(enum metre metre)
{
	return metres[metre].name;
}

int metre_from_name(const char *name, enum metre *out)
{
	for (int i = 0; i < METRE_COUNT; i++) {
		if (strcmp(metres[i].name, name) == 0) {
			*out = (enum metre)i;
			return 0;
		}
	}
	return -EINVAL;
}

int metre_beats(enum metre metre)
{
	return metres[metre].beats;
}

int metre_parts(enum metre metre)
{
	return metres[metre].parts;
}
