import Faults
import Foundation
import Testing

@testable import CUDAWorker

@Suite struct LibrarySearchTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func make(_ path: String) throws {
    let url = URL(fileURLWithPath: "\(folder.path)/\(path)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data("no library".utf8).write(to: url)
  }

  @Test func namesEveryPlaceWhereNothingWas() throws {
    let search = LibrarySearch(
      environment: ["PATH": "", "HOME": folder.path], root: folder.path, asksLoader: false)
    let fault = try #require(throws: Fault.self) { try search.open(.driver, driverMajor: nil) }
    #expect(fault.code == .remoteUnavailable)
    #expect(fault.what == "No libcuda.so.1 (NVIDIA's driver)")
    let place = try #require(fault.place)
    for place in [place] {
      #expect(place.contains("the loader's path") && place.contains("\(folder.path)/usr/lib/x86_64-linux-gnu"))
      #expect(place.contains("/usr/lib/wsl/lib") && place.contains("/usr/local/nvidia/lib64"))
    }
    #expect(fault.remedy?.contains("--device cpu") == true)
  }

  @Test func theOverrideIsTheOnlyPlace() throws {
    try make("usr/lib64/libnvrtc.so.13")
    let search = LibrarySearch(environment: [LibrarySearch.override: "\(folder.path)/mine"], root: folder.path)
    #expect(search.candidates(.nvrtc, "libnvrtc.so.13") == [])
    let fault = try #require(throws: Fault.self) { try search.open(.nvrtc, driverMajor: nil) }
    #expect(fault.what == "No libnvrtc.so.13 or libnvrtc.so.12 (the compiler of CUDA kernels)")
    #expect(fault.place == "looked in \(folder.path)/mine (SGMN_CUDA_LIBRARIES) alone")
  }

  @Test func saysWhyAFileDoesNotOpen() throws {
    try make("libcuda.so.1")
    let search = LibrarySearch(environment: [LibrarySearch.override: folder.path], root: folder.path)
    let fault = try #require(throws: Fault.self) { try search.open(.driver, driverMajor: nil) }
    #expect(fault.place?.contains("\(folder.path)/libcuda.so.1: file too short") == true, "\(fault)")
  }

  /// The loader's own way, drivers' folders, toolkits, then the wheels of the virtual environment, of the python3 on the
  /// path and of the system, the newest Python first.
  @Test func placesComeInOrder() throws {
    let paths = [
      "usr/lib/x86_64-linux-gnu", "usr/local/cuda/lib64", "venv/lib/python3.11/site-packages/nvidia/cu13/lib",
      "conda/lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib",
      "conda/lib/python3.9/site-packages/nvidia/cuda_nvrtc/lib",
      "home/.local/lib/python3.10/site-packages/nvidia/cu13/lib",
      "usr/local/lib/python3.10/dist-packages/nvidia/cu13/lib",
    ].map { "\($0)/libnvrtc.so.13" }
    for path in paths.shuffled() { try make(path) }
    try make("conda/bin/python3")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: "\(folder.path)/conda/bin/python3")
    let environment = [
      "VIRTUAL_ENV": "\(folder.path)/venv", "PATH": "/nowhere:\(folder.path)/conda/bin", "HOME": "\(folder.path)/home",
    ]
    let search = LibrarySearch(environment: environment, root: folder.path)
    #expect(search.candidates(.nvrtc, "libnvrtc.so.13") == ["libnvrtc.so.13"] + paths.map { "\(folder.path)/\($0)" })
    #expect(search.candidates(.nvrtc, "libnvrtc.so.12") == ["libnvrtc.so.12"])
  }

  /// A library of CUDA 13 loads beside a driver of CUDA 12, and then refuses to work.
  @Test func versionsFollowTheDriver() {
    typealias Library = NVIDIALibraries.Library
    #expect(Library.nvrtc.sonames(driverMajor: nil) == ["libnvrtc.so.13", "libnvrtc.so.12"])
    #expect(Library.cublasLt.sonames(driverMajor: 13) == ["libcublasLt.so.13", "libcublasLt.so.12"])
    #expect(Library.cublasLt.sonames(driverMajor: 12) == ["libcublasLt.so.12", "libcublasLt.so.13"])
    #expect(Library.nccl.sonames(driverMajor: 12) == ["libnccl.so.2"])
  }
}
