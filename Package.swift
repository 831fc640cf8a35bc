// swift-tools-version: 6.1
import PackageDescription

// Levels run strictly downward (docs/architecture.md): a target lists only targets above it in this file.

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies)
}

func command(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies + [.product(name: "ArgumentParser", package: "swift-argument-parser")])
}

func tests(_ module: String, _ dependencies: [Target.Dependency] = [], fixtures: Bool = false) -> Target {
  .testTarget(
    name: module + "Tests", dependencies: [.byName(name: module)] + dependencies,
    resources: fixtures ? [.copy("Fixtures")] : [])
}

/// Every parser behind one function each (Tests/FuzzTests): with SGMN_FUZZ set a program that libFuzzer drives
/// (scripts/fuzz), else tests that run what is in the corpus.
let parserFuzzing: Target = {
  let dependencies: [Target.Dependency] = [
    "Training", "RemoteStorage", "ShardBuilding", "WorkerProcesses", "WeightFiles", "WeightArchives", "Checkpointing",
    "ShardFormat", "MediaDecoding", "Collectives", "Telemetry", "DurableFiles", "Failpoints", "CZlib", "Faults",
    "PretrainedWeights", "TextEncoding", "TextModel", "SGMNModel", "NeuralNetworks",
  ]
  return Context.environment["SGMN_FUZZ"] == nil
    ? .testTarget(
      name: "FuzzTests", dependencies: dependencies, exclude: ["Engine", "Corpus", "Dictionaries"])
    : .executableTarget(
      name: "fuzz", dependencies: dependencies, path: "Tests/FuzzTests",
      exclude: ["ParserCorpusTests.swift", "Corpus", "Dictionaries"])
}()

let package = Package(
  name: "sgmn-trainer",
  products: [
    .executable(name: "sgmn-train", targets: ["sgmn-train"]),
    .executable(name: "sgmn-shard", targets: ["sgmn-shard"]),
    .executable(name: "sgmn-eval", targets: ["sgmn-eval"]),
    .executable(name: "sgmn-parity", targets: ["sgmn-parity"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Level 0: foreign libraries, our vector kernels, threads, and what every module speaks.
    .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev", "openmpi-bin"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    // There is no pkg-config module of it.
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(
      name: "CLibAV", pkgConfig: "libavformat",
      providers: [.apt(["libavformat-dev", "libavcodec-dev", "libswscale-dev"])]),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
    // -O3 also in debug builds: the tests run through the same kernels as a training run.
    .target(name: "CVectorKernels", cSettings: [.unsafeFlags(["-O3"])]),
    // The NVIDIA libraries by function pointers, and the sources of our CUDA kernels.
    .target(name: "CNVIDIA"),
    .target(name: "CCUDAKernels", exclude: ["kernels"]),
    module("Faults"),
    module("Failpoints", ["Faults"]),
    module("Randomness"),
    module("Threads", ["CLinux"]),

    // Level 1
    module("DurableFiles", ["CXXHash", "Failpoints", "Faults"]),
    module("TensorCore", ["CVectorKernels", "COpenBLAS", "COneDNN", "CLinux", "Threads", "Randomness", "Faults"]),
    module("MediaDecoding", ["CVectorKernels", "CLibAV", "CTurboJPEG", "Faults"]),
    module("TextEncoding", ["Randomness", "Faults"]),

    // Level 2
    module("WorkerProcesses", ["CLinux", "DurableFiles", "Faults"]),
    module("Telemetry", ["DurableFiles", "Faults"]),
    module("Collectives", ["CMPI", "CLinux", "Threads", "DurableFiles", "Faults"]),
    module("ShardFormat", ["CVectorKernels", "CZstd", "DurableFiles", "Failpoints", "Faults"]),
    module("Checkpointing", ["DurableFiles", "Failpoints", "Faults"]),
    module("NeuralNetworks", ["TensorCore", "Randomness"]),
    module(
      "CUDAWorker", ["CNVIDIA", "CCUDAKernels", "TensorCore", "DurableFiles", "Threads", "Randomness", "Faults"]),

    // Level 3
    module("WeightFiles", ["CZlib", "Checkpointing", "DurableFiles", "Faults"]),
    module("CommandRunning", ["Collectives", "Telemetry", "Threads", "Failpoints", "Faults"]),
    module("Supervision", ["CLinux", "Collectives", "Telemetry", "Threads", "DurableFiles", "Faults"]),
    module("DataLoading", ["ShardFormat", "TextEncoding", "Threads", "Randomness", "Failpoints", "Faults"]),
    module(
      "ShardBuilding",
      [
        "ShardFormat", "MediaDecoding", "TextEncoding", "WorkerProcesses", "Collectives", "Telemetry", "Threads",
        "Randomness", "DurableFiles", "Faults",
      ]),
    module(
      "RemoteStorage",
      ["CCurl", "COpenSSL", "ShardFormat", "Threads", "DurableFiles", "Randomness", "Failpoints", "Faults"]),
    module(
      "ShardReports",
      ["ShardFormat", "MediaDecoding", "Collectives", "Threads", "Randomness", "DurableFiles", "Faults"]),
    module(
      "GradientAveraging", ["CVectorKernels", "CUDAWorker", "TensorCore", "Collectives", "Threads", "Faults"]),
    module("Optimization", ["NeuralNetworks", "TensorCore", "Faults"]),
    module("TextModel", ["NeuralNetworks", "TensorCore"]),
    module("SGMNModel", ["TextModel", "NeuralNetworks", "TensorCore", "Randomness", "Faults"]),

    // Level 4
    module("RankWorkers", ["CommandRunning", "CUDAWorker", "TensorCore", "Collectives", "Telemetry", "Faults"]),
    module("Parity", ["SGMNModel", "Checkpointing", "NeuralNetworks", "TensorCore", "Faults"]),
    module(
      "PretrainedWeights",
      [
        "SGMNModel", "TextModel", "TextEncoding", "WeightFiles", "NeuralNetworks", "TensorCore", "CVectorKernels",
        "DurableFiles", "Faults",
      ]),
    module(
      "ONNXExport",
      ["SGMNModel", "TextModel", "NeuralNetworks", "WeightFiles", "Checkpointing", "DurableFiles", "Faults"]),
    module(
      "Evaluation",
      ["SGMNModel", "DataLoading", "ShardFormat", "TextEncoding", "Collectives", "TensorCore", "Faults"]),

    // Level 5
    module(
      "Training",
      [
        "Evaluation", "PretrainedWeights", "ONNXExport", "SGMNModel", "Optimization", "NeuralNetworks", "TensorCore",
        "DataLoading", "ShardFormat", "RemoteStorage", "WeightFiles", "TextEncoding", "Checkpointing",
        "GradientAveraging", "Supervision", "Collectives", "Telemetry", "DurableFiles", "CVectorKernels", "Threads",
        "Randomness", "Failpoints", "Faults",
        .product(name: "Yams", package: "Yams"),
      ]),

    // Level 6: thin commands.
    command(
      "sgmn-train",
      [
        "Training", "RankWorkers", "CommandRunning", "CUDAWorker", "GradientAveraging", "Checkpointing", "Collectives",
        "TensorCore", "Telemetry", "DurableFiles", "Failpoints", "Faults",
      ]
    ),
    command(
      "sgmn-eval",
      [
        "Training", "RankWorkers", "CommandRunning", "Supervision", "CUDAWorker", "Evaluation", "DataLoading",
        "RemoteStorage", "ShardFormat", "Collectives", "TensorCore", "Telemetry", "DurableFiles", "Faults",
      ]),
    command(
      "sgmn-shard",
      [
        "PretrainedWeights", "RankWorkers", "CUDAWorker", "TensorCore", "ShardBuilding", "ShardReports", "DataLoading",
        "RemoteStorage", "ShardFormat", "MediaDecoding", "TextEncoding", "WorkerProcesses", "CommandRunning",
        "Supervision", "Collectives", "Telemetry", "DurableFiles", "Faults",
      ]),
    command("sgmn-parity", ["Parity", "CUDAWorker", "TensorCore", "Faults"]),
    command(
      "gpu-check",
      [
        "Training", "SGMNModel", "Optimization", "NeuralNetworks", "CUDAWorker", "TensorCore", "Randomness", "Faults",
      ]),

    tests("Faults"),
    tests("Failpoints", ["Faults"]),
    tests("Randomness"),
    tests("Threads"),
    tests("DurableFiles"),
    tests("TensorCore", fixtures: true),
    tests("MediaDecoding", fixtures: true),
    tests("TextEncoding", ["ReferenceLibraries", "Randomness", "Faults"], fixtures: true),
    // The workers of WorkerProcessesTests.
    .executableTarget(name: "worker-probe", dependencies: ["WorkerProcesses", "CLinux", "Faults"]),
    tests("WorkerProcesses", ["worker-probe", "Faults"]),
    tests("Telemetry"),
    // Starts such programs under a real mpirun.
    .target(name: "ProbeJobs", path: "Tests/ProbeJobs"),
    // The ranks of CollectivesTests, started by a real mpirun.
    .executableTarget(name: "collectives-probe", dependencies: ["Collectives", "Randomness", "Faults"]),
    tests("Collectives", ["collectives-probe", "ProbeJobs", "Randomness"]),
    tests("Supervision", ["Collectives", "Threads", "Randomness", "Faults"]),
    tests("ShardFormat", ["FaultTrials", "Randomness"]),
    // Saves whose system calls CheckpointingTests records.
    .executableTarget(name: "checkpoint-probe", dependencies: ["Checkpointing", "Faults"]),
    tests("Checkpointing", ["checkpoint-probe", "DurableFiles", "Randomness", "Faults"], fixtures: true),
    tests("NeuralNetworks", fixtures: true),
    tests("CUDAWorker", ["ProbeJobs", "TensorCore", "Randomness", "Faults"]),
    tests("RankWorkers", ["CUDAWorker", "Faults"]),
    tests("DataLoading", ["ShardFormat", "Randomness"]),
    tests(
      "ShardBuilding", ["ShardFormat", "MediaDecoding", "TextEncoding", "WorkerProcesses", "Randomness", "Collectives"]),
    // A process that reads through a cache, for the tests that share one or kill it.
    .executableTarget(name: "storage-probe", dependencies: ["RemoteStorage", "DurableFiles", "Faults"]),
    tests("RemoteStorage", ["storage-probe", "ShardFormat", "Threads", "DurableFiles"], fixtures: true),
    tests("ShardReports", ["ShardFormat", "ShardBuilding", "MediaDecoding", "Randomness", "Collectives"]),
    // The ranks of GradientAveragingTests.
    .executableTarget(
      name: "gradients-probe",
      dependencies: ["GradientAveraging", "CUDAWorker", "Collectives", "TensorCore", "Randomness", "Faults"]),
    tests(
      "GradientAveraging",
      ["gradients-probe", "ProbeJobs", "CVectorKernels", "Collectives", "TensorCore", "Randomness", "Faults"]),
    tests("Optimization", fixtures: true),
    tests("SGMNModel", ["ReferenceLibraries", "TextModel"]),
    // Runs Python scripts beside PyTorch, transformers and onnxruntime.
    .target(name: "ReferenceLibraries", path: "Tests/ReferenceLibraries"),
    // Writes ZIP archives and pickles as nobody honest would.
    .target(name: "WeightArchives", dependencies: ["CZlib"], path: "Tests/WeightArchives"),
    tests("WeightFiles", ["WeightArchives", "Checkpointing", "ReferenceLibraries", "Faults"], fixtures: true),
    tests("TextModel", ["NeuralNetworks", "TensorCore", "Randomness"]),
    tests(
      "PretrainedWeights",
      [
        "ReferenceLibraries", "SGMNModel", "TextModel", "TextEncoding", "WeightFiles", "Checkpointing",
        "NeuralNetworks", "TensorCore", "Randomness", "Faults",
      ], fixtures: true),
    tests(
      "ONNXExport",
      [
        "ReferenceLibraries", "SGMNModel", "WeightFiles", "Checkpointing", "NeuralNetworks", "TensorCore", "Randomness",
        "Faults",
      ]),
    tests("Evaluation", ["TextEncoding"]),
    tests("Parity", ["ReferenceLibraries", "TensorCore"], fixtures: true),
    // The ranks of TrainingTests, started by a real mpirun.
    .executableTarget(
      name: "training-probe",
      dependencies: [
        "Training", "GradientAveraging", "SGMNModel", "NeuralNetworks", "CUDAWorker", "TensorCore", "Collectives",
        "Randomness", "Faults",
      ]),
    tests(
      "Training",
      [
        "training-probe", "ProbeJobs", "ReferenceLibraries", "Checkpointing", "Collectives", "Randomness", "SGMNModel",
        "ShardFormat", "Telemetry", "TensorCore", "TextEncoding", "Faults",
      ]),
    // Faults brought about in real commands under a real mpirun, and what must then be true.
    .target(
      name: "FaultTrials",
      dependencies: ["Checkpointing", "ShardFormat", "DurableFiles", "Randomness", "Failpoints", "Faults"],
      path: "Tests/FaultTrials"),
    .executableTarget(
      name: "torture",
      dependencies: [
        "FaultTrials", "sgmn-train", "sgmn-shard", "sgmn-eval",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    parserFuzzing,
    // Real commands under real mpirun.
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "sgmn-train", "sgmn-eval", "sgmn-shard", "sgmn-parity", "gpu-check", "training-probe", "ProbeJobs",
        "FaultTrials", "ReferenceLibraries", "Checkpointing", "ShardFormat", "Randomness",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

// With SGMN_TESTS, names of test targets with blanks between them, the package is these and what they need: for builds
// that take long (scripts/sanitize).
if let wanted = Context.environment["SGMN_TESTS"] {
  var names: Set<String> = []
  var missing = wanted.split(separator: " ").map(String.init)
  while let name = missing.popLast() {
    guard names.insert(name).inserted, let target = package.targets.first(where: { $0.name == name }) else { continue }
    for case .byNameItem(let name, _) in target.dependencies { missing.append(name) }
  }
  package.targets.removeAll { !names.contains($0.name) }
  package.products = []
}
