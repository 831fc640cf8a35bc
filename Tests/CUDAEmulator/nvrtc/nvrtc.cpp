// NVRTC for the emulated GPU: what it "compiles" must be what the emulator was built from, byte for byte; the result names
// the file whose kernels are already there.
#include <stddef.h>
#include <string.h>

#include <string>
#include <vector>

#include "sources.h"

#define EMULATED_API extern "C" __attribute__((visibility("default")))

enum nvrtcResult {
  NVRTC_SUCCESS = 0,
  NVRTC_ERROR_INVALID_INPUT = 3,
  NVRTC_ERROR_INVALID_PROGRAM = 4,
  NVRTC_ERROR_INVALID_OPTION = 5,
  NVRTC_ERROR_COMPILATION = 6,
};

struct _nvrtcProgram {
  std::string name, text, log, image;
  std::vector<std::string> header_names, header_texts;
  bool portable = false;
};
typedef _nvrtcProgram *nvrtcProgram;

EMULATED_API const char *nvrtcGetErrorString(nvrtcResult result) {
  switch (result) {
    case NVRTC_SUCCESS: return "NVRTC_SUCCESS";
    case NVRTC_ERROR_INVALID_INPUT: return "NVRTC_ERROR_INVALID_INPUT";
    case NVRTC_ERROR_INVALID_PROGRAM: return "NVRTC_ERROR_INVALID_PROGRAM";
    case NVRTC_ERROR_INVALID_OPTION: return "NVRTC_ERROR_INVALID_OPTION";
    case NVRTC_ERROR_COMPILATION: return "NVRTC_ERROR_COMPILATION";
  }
  return "NVRTC_ERROR unknown";
}

EMULATED_API nvrtcResult nvrtcVersion(int *major, int *minor) {
  *major = 13;
  *minor = 0;
  return NVRTC_SUCCESS;
}

static const int architectures[] = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};
EMULATED_API nvrtcResult nvrtcGetNumSupportedArchs(int *count) {
  *count = sizeof architectures / sizeof *architectures;
  return NVRTC_SUCCESS;
}
EMULATED_API nvrtcResult nvrtcGetSupportedArchs(int *supported) {
  memcpy(supported, architectures, sizeof architectures);
  return NVRTC_SUCCESS;
}

EMULATED_API nvrtcResult nvrtcCreateProgram(nvrtcProgram *program, const char *text, const char *name, int header_count,
                                            const char *const *headers, const char *const *include_names) {
  if (!program || !text || header_count < 0) return NVRTC_ERROR_INVALID_INPUT;
  auto made = new _nvrtcProgram;
  made->text = text;
  made->name = name ? name : "default_program";
  for (int i = 0; i < header_count; i++) {
    made->header_names.push_back(include_names[i]);
    made->header_texts.push_back(headers[i]);
  }
  *program = made;
  return NVRTC_SUCCESS;
}
EMULATED_API nvrtcResult nvrtcDestroyProgram(nvrtcProgram *program) {
  if (!program || !*program) return NVRTC_ERROR_INVALID_PROGRAM;
  delete *program;
  *program = nullptr;
  return NVRTC_SUCCESS;
}

// What is wrong with a text, or nothing.
static std::string complaint(const std::string &name, const std::string &text) {
  for (size_t i = 0; i < emulated_source_count; i++) {
    const EmulatedSource &source = emulated_sources[i];
    if (name != source.name) continue;
    if (text.size() == source.size && !memcmp(text.data(), source.text, source.size)) return "";
    return name + ": error: not the text that the emulator was built from; run Tests/CUDAEmulator/build\n";
  }
  return name + ": error: no file that the emulator was built from\n";
}

static bool starts(const std::string &text, const char *with) { return text.compare(0, strlen(with), with) == 0; }

EMULATED_API nvrtcResult nvrtcCompileProgram(nvrtcProgram program, int count, const char *const *options) {
  if (!program) return NVRTC_ERROR_INVALID_PROGRAM;
  std::string architecture = "sm_75";
  program->log.clear();
  for (int i = 0; i < count; i++) {
    std::string option = options[i];
    // Those that change neither names nor meaning of our kernels.
    static const char *const harmless[] = {"--std=c++17", "-std=c++17", "--ptxas-options=", "-Xptxas=", "--fmad=",
                                           "--use_fast_math", "--extra-device-vectorization", "--generate-line-info",
                                           "-lineinfo", "--restrict", "--split-compile=", "--device-as-default-execution-space",
                                           "-default-device", "--dopt=", "--minimal", "--no-cache", "--diag-"};
    bool known = false;
    for (const char *start : harmless) known = known || starts(option, start);
    for (const char *start : {"--gpu-architecture=", "-arch="})
      if (starts(option, start)) {
        architecture = option.substr(strlen(start));
        known = true;
      }
    if (!known) {
      program->log = "nvrtc: error: invalid value for --gpu-architecture or unknown option: " + option + "\n";
      return NVRTC_ERROR_INVALID_OPTION;
    }
  }
  bool supported = false;
  for (int version : architectures)
    for (const char *prefix : {"sm_", "compute_"})
      for (const char *suffix : {"", "a", "f"})
        supported = supported || architecture == prefix + std::to_string(version) + suffix;
  if (!supported) {
    program->log = "nvrtc: error: invalid value for --gpu-architecture (-arch)\n";
    return NVRTC_ERROR_INVALID_OPTION;
  }
  program->log = complaint(program->name, program->text);
  for (size_t i = 0; i < program->header_names.size(); i++)
    program->log += complaint(program->header_names[i], program->header_texts[i]);
  if (!program->log.empty()) return NVRTC_ERROR_COMPILATION;
  program->portable = starts(architecture, "compute_");
  program->image = "emulated cubin\n" + architecture + "\n" + program->name;
  return NVRTC_SUCCESS;
}

EMULATED_API nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram program, size_t *size) {
  if (!program) return NVRTC_ERROR_INVALID_PROGRAM;
  *size = program->log.size() + 1;
  return NVRTC_SUCCESS;
}
EMULATED_API nvrtcResult nvrtcGetProgramLog(nvrtcProgram program, char *log) {
  if (!program) return NVRTC_ERROR_INVALID_PROGRAM;
  memcpy(log, program->log.c_str(), program->log.size() + 1);
  return NVRTC_SUCCESS;
}

// Machine code of a real architecture, PTX of a virtual one.
static nvrtcResult size_of(nvrtcProgram program, bool portable, size_t *size) {
  if (!program || program->image.empty()) return NVRTC_ERROR_INVALID_PROGRAM;
  *size = program->portable == portable ? program->image.size() + 1 : 0;
  return NVRTC_SUCCESS;
}
static nvrtcResult copy_of(nvrtcProgram program, bool portable, char *image) {
  if (!program || program->image.empty() || program->portable != portable) return NVRTC_ERROR_INVALID_PROGRAM;
  memcpy(image, program->image.c_str(), program->image.size() + 1);
  return NVRTC_SUCCESS;
}
EMULATED_API nvrtcResult nvrtcGetCUBINSize(nvrtcProgram program, size_t *size) { return size_of(program, false, size); }
EMULATED_API nvrtcResult nvrtcGetCUBIN(nvrtcProgram program, char *image) { return copy_of(program, false, image); }
EMULATED_API nvrtcResult nvrtcGetPTXSize(nvrtcProgram program, size_t *size) { return size_of(program, true, size); }
EMULATED_API nvrtcResult nvrtcGetPTX(nvrtcProgram program, char *text) { return copy_of(program, true, text); }
