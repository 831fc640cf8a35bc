import Foundation

/// The shared libraries of Tests/CUDAEmulator, built into .build/cuda-emulator once for all test processes.
public enum EmulatorBuild {
  public struct Failure: Error, CustomStringConvertible { public let description: String }

  /// Of the repository.
  public static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// What a process needs to take these libraries for NVIDIA's; built once.
  public static let environment = Result {
    let folder = try run()
    return ["SGMN_CUDA_LIBRARIES": folder, "SGMN_CUDA_CACHE": folder + "/cubins"]
  }

  /// Builds what is not up to date and points this process to it, with a cache of kernels of its own. The folder.
  public static func run() throws -> String {
    let folder = root.appendingPathComponent(".build/cuda-emulator").path
    let process = Process()
    process.executableURL = root.appendingPathComponent("Tests/CUDAEmulator/build")
    process.arguments = [folder]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: text) }
    setenv("SGMN_CUDA_LIBRARIES", folder, 1)
    setenv("SGMN_CUDA_CACHE", folder + "/cubins", 1)
    return folder
  }
}
