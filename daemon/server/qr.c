#include "qr.h"

#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>

#define QUIET_MODULES 4

static void print_modules(FILE *out, const QRcode *code)
{
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++)
			if (code->data[y * code->width + x] & 1)
				fprintf(out, "M%d %dh1v1h-1z", x + QUIET_MODULES,
					y + QUIET_MODULES);
}

char *qr_svg(const char *text)
{
	char *svg = NULL;
	size_t size = 0;
	QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
	FILE *out = code ? open_memstream(&svg, &size) : NULL;
	if (out) {
		int side = code->width + 2 * QUIET_MODULES;
		fprintf(out,
			"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
			"shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
			"<path fill=\"#000\" d=\"",
			side, side, side, side);
		print_modules(out, code);
		fputs("\"/></svg>\n", out);
		if (fclose(out) != 0) {
			free(svg);
			svg = NULL;
		}
	}
	QRcode_free(code);
	return svg;
}
