#pragma once
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/error.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

static inline int sgmn_averror(int code) { return AVERROR(code); }
static inline int sgmn_averror_eof(void) { return AVERROR_EOF; }
