// Modules, kernels and their launches.
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>

#include "emulator.h"
#include "state.h"

using namespace emulator;

struct CUfunc_st {
  const Kernel *kernel;
  CUmodule module;
  int dynamic_shared = 48 * 1024;  // the most that a launch may ask for
  int shared_share = -1;           // percent; −1 leaves it to the driver
};
struct CUmod_st {
  std::map<std::string, const Kernel *> kernels;
  std::map<std::string, std::unique_ptr<CUfunc_st>> functions;
};

namespace {

std::set<CUmodule> modules;

bool exists(CUfunction function) {
  Lock lock(tables);
  for (CUmodule module : modules)
    for (auto &[name, known] : module->functions)
      if (known.get() == function) return true;
  return false;
}

// What the emulated NVRTC makes: a line that says so, the architecture, the file.
constexpr char image_mark[] = "emulated cubin\n";

CUresult load_emulated(const char *image, CUmod_st &module) {
  const char *architecture = image + strlen(image_mark);
  const char *unit = strchr(architecture, '\n');
  if (!unit) return CUDA_ERROR_INVALID_IMAGE;
  std::string name(architecture, unit);
  // Machine code of this very GPU, or what the driver would translate.
  bool portable = name.rfind("compute_", 0) == 0 && atoi(name.c_str() + strlen("compute_")) <= 90;
  if (name != "sm_90" && name != "sm_90a" && !portable) return CUDA_ERROR_NO_BINARY_FOR_GPU;
  for (const Kernel *kernel : kernels(unit + 1)) module.kernels[kernel->name] = kernel;
  return CUDA_SUCCESS;
}

// A cubin of the real NVRTC: the functions of its symbol table that we have.
CUresult load_elf(const char *image, CUmod_st &module) {
  auto header = reinterpret_cast<const Elf64_Ehdr *>(image);
  constexpr unsigned machine_cuda = 190;
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != machine_cuda) return CUDA_ERROR_INVALID_IMAGE;
  std::map<std::string, const Kernel *> known;
  for (const Kernel *kernel : kernels("")) known[kernel->name] = kernel;
  auto sections = reinterpret_cast<const Elf64_Shdr *>(image + header->e_shoff);
  for (unsigned i = 0; i < header->e_shnum; i++) {
    if (sections[i].sh_type != SHT_SYMTAB) continue;
    const char *names = image + sections[sections[i].sh_link].sh_offset;
    auto symbols = reinterpret_cast<const Elf64_Sym *>(image + sections[i].sh_offset);
    for (size_t j = 0; j < sections[i].sh_size / sizeof *symbols; j++) {
      auto found = known.find(names + symbols[j].st_name);
      if (ELF64_ST_TYPE(symbols[j].st_info) == STT_FUNC && found != known.end())
        module.kernels[found->first] = found->second;
    }
  }
  return CUDA_SUCCESS;
}

// A launch with copies of its parameters, which may run later and more than once.
struct Launch {
  const Kernel *kernel;
  Shape shape;
  std::vector<std::vector<unsigned char>> parameters;

  Launch(const Kernel *kernel, const Shape &shape, void **values) : kernel(kernel), shape(shape) {
    for (int i = 0; i < kernel->parameter_count; i++) {
      auto bytes = static_cast<const unsigned char *>(values[i]);
      parameters.emplace_back(bytes, bytes + kernel->parameter_sizes[i]);
    }
  }
  CUresult run() const {
    if (kernel->name == failing_kernel()) return CUDA_ERROR_ILLEGAL_ADDRESS;
    std::vector<void *> pointers;
    for (auto &parameter : parameters) pointers.push_back(const_cast<unsigned char *>(parameter.data()));
    emulator::run(*kernel, shape, pointers.data());
    return CUDA_SUCCESS;
  }
};

}  // namespace

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  if (CUresult error = check_context()) return error;
  if (CUresult error = check_capture()) return error;
  Lock lock(tables);
  if (!image) return CUDA_ERROR_INVALID_VALUE;
  auto made = std::make_unique<CUmod_st>();
  const char *bytes = static_cast<const char *>(image);
  CUresult error = !memcmp(bytes, ELFMAG, SELFMAG)                        ? load_elf(bytes, *made)
                   : !strncmp(bytes, image_mark, strlen(image_mark)) ? load_emulated(bytes, *made)
                                                                     : CUDA_ERROR_INVALID_IMAGE;
  if (error) return error;
  *module = made.release();
  modules.insert(*module);
  return CUDA_SUCCESS;
}
CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned, int *, void **) {
  return cuModuleLoadData(module, image);
}
CUresult cuModuleUnload(CUmodule module) {
  CUresult error = check_context();
  if (error == CUDA_ERROR_NOT_INITIALIZED || error == CUDA_ERROR_INVALID_CONTEXT) return error;
  if (CUresult error = check_capture()) return error;
  run_all(current_context());
  Lock lock(tables);
  if (!modules.erase(module)) return CUDA_ERROR_INVALID_HANDLE;
  delete module;
  return error;
}
CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  if (!modules.count(module)) return CUDA_ERROR_INVALID_HANDLE;
  auto found = module->kernels.find(name);
  if (found == module->kernels.end()) return CUDA_ERROR_NOT_FOUND;
  auto &made = module->functions[name];
  if (!made) made.reset(new CUfunc_st{found->second, module});
  *function = made.get();
  return CUDA_SUCCESS;
}

CUresult cuFuncSetAttribute(CUfunction function, int attribute, int value) {
  if (CUresult error = check_context()) return error;
  if (!exists(function)) return CUDA_ERROR_INVALID_HANDLE;
  if (attribute == 9) {  // the share of shared memory in what it has in common with the first-level cache: a hint
    if (value < -1 || value > 100) return CUDA_ERROR_INVALID_VALUE;
    function->shared_share = value;
    return CUDA_SUCCESS;
  }
  if (attribute != 8 || value < 0 || static_cast<unsigned>(value) > shared_limit) return CUDA_ERROR_INVALID_VALUE;
  function->dynamic_shared = value;
  return CUDA_SUCCESS;
}
CUresult cuFuncGetAttribute(int *value, int attribute, CUfunction function) {
  if (CUresult error = check_context()) return error;
  if (!exists(function)) return CUDA_ERROR_INVALID_HANDLE;
  switch (attribute) {
    case 0: *value = function->kernel->maximum_threads; return CUDA_SUCCESS;
    case 5: case 6: *value = 90; return CUDA_SUCCESS;
    case 8: *value = function->dynamic_shared; return CUDA_SUCCESS;
    case 9: *value = function->shared_share; return CUDA_SUCCESS;
    // Registers and memory of the compiled kernel are known to the real NVRTC alone.
    default: return CUDA_ERROR_NOT_SUPPORTED;
  }
}
CUresult cuFuncGetName(const char **name, CUfunction function) {
  if (!exists(function)) return CUDA_ERROR_INVALID_HANDLE;
  *name = function->kernel->name;
  return CUDA_SUCCESS;
}
CUresult cuFuncGetParamInfo(CUfunction function, size_t index, size_t *offset, size_t *size) {
  if (!exists(function)) return CUDA_ERROR_INVALID_HANDLE;
  const Kernel &kernel = *function->kernel;
  if (index >= static_cast<size_t>(kernel.parameter_count)) return CUDA_ERROR_INVALID_VALUE;
  size_t place = 0;
  for (size_t i = 0; i <= index; i++) {
    size_t alignment = kernel.parameter_sizes[i] < 16 ? kernel.parameter_sizes[i] : 16;
    place = (place + alignment - 1) / alignment * alignment;
    *offset = place;
    place += kernel.parameter_sizes[i];
  }
  if (size) *size = kernel.parameter_sizes[index];
  return CUDA_SUCCESS;
}

// By threads and dynamic shared memory; registers are not known here.
CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, CUfunction function, int threads,
                                                     size_t shared_bytes) {
  if (CUresult error = check_context()) return error;
  if (!exists(function)) return CUDA_ERROR_INVALID_HANDLE;
  if (threads < 1 || shared_bytes > static_cast<size_t>(function->dynamic_shared)) return CUDA_ERROR_INVALID_VALUE;
  int warps = (threads + 31) / 32;
  int by_threads = threads > function->kernel->maximum_threads ? 0 : 64 / warps;
  int by_shared = static_cast<int>(228 * 1024 / (shared_bytes + 1024));
  *blocks = std::min({by_threads, by_shared, 32});
  return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                        unsigned block_y, unsigned block_z, unsigned shared_bytes, CUstream handle, void **parameters,
                        void **extra) {
  if (CUresult error = check_context()) return error;
  CUstream stream = find_stream(handle);
  if (!stream || !exists(function)) return CUDA_ERROR_INVALID_HANDLE;
  unsigned long threads = static_cast<unsigned long>(block_x) * block_y * block_z;
  bool fits = grid_x > 0 && grid_x <= 0x7fffffff && grid_y > 0 && grid_y <= 65535 && grid_z > 0 && grid_z <= 65535 &&
              block_x <= 1024 && block_y <= 1024 && block_z <= 64 && threads > 0 &&
              threads <= static_cast<unsigned long>(function->kernel->maximum_threads) &&
              shared_bytes <= static_cast<unsigned>(function->dynamic_shared);
  if (!fits || extra || (!parameters && function->kernel->parameter_count > 0)) return CUDA_ERROR_INVALID_VALUE;
  Shape shape = {{grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes};
  auto launch = std::make_shared<Launch>(function->kernel, shape, parameters);
  return enqueue(stream, {OperationKind::kernel, [launch] { return launch->run(); }});
}
