/*
 * qr.h - a QR code as an SVG image. The only module that includes qrencode.h.
 */
#ifndef TACTUS_QR_H
#define TACTUS_QR_H

/* An SVG document for that text: dark on light with the quiet zone of four modules (ISO/IEC 18004).
 * Owns: the caller frees. NULL if the text is too long or memory is short. Thread: any. */
char *qr_svg(const char *text);

#endif
