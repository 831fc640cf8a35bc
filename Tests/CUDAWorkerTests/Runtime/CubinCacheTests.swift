import DurableFiles
import Foundation
import Testing

@testable import CUDAWorker

@Suite struct CubinCacheTests {
  private let folder: TemporaryFolder
  private let cache: CubinCache
  private let code = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) }

  init() throws {
    folder = try TemporaryFolder()
    cache = CubinCache(folder: folder.path + "/a/b")
  }

  @Test func keepsCode() throws {
    #expect(cache.code("x.cubin") == nil)
    #expect(cache.keep(code, "x.cubin"))
    #expect(cache.code("x.cubin") == code)
    #expect(try DurableFile.names(in: folder.path + "/a/b") == ["x.cubin"])
  }

  /// Any damage, to the header or the code, is a miss.
  @Test(arguments: [0, 8, 16, 23, 24, 5000, 10_023])
  func damageIsAMiss(byte: Int) throws {
    cache.keep(code, "x.cubin")
    var bytes = try FileReader.contents(of: folder.path + "/a/b/x.cubin", limit: 1 << 20)
    bytes[byte] ^= 4
    try DurableFile.write(bytes, to: folder.path + "/a/b/x.cubin")
    #expect(cache.code("x.cubin") == nil)
    #expect(cache.keep(code, "x.cubin") && cache.code("x.cubin") == code)
  }

  @Test(arguments: [0, 7, 24, 25, 10_023])
  func aTornFileIsAMiss(byteCount: Int) throws {
    cache.keep(code, "x.cubin")
    let bytes = try FileReader.contents(of: folder.path + "/a/b/x.cubin", limit: 1 << 20)
    try DurableFile.write(Array(bytes[..<byteCount]), to: folder.path + "/a/b/x.cubin")
    #expect(cache.code("x.cubin") == nil)
  }

  @Test func aFolderThatCannotBeWrittenIsNoFault() throws {
    try DurableFile.write([1], to: folder.path + "/file")
    for path in [folder.path + "/file", folder.path + "/file/below", "/proc/none"] {
      let cache = CubinCache(folder: path)
      #expect(!cache.keep(code, "x.cubin") && cache.code("x.cubin") == nil)
    }
    #expect(!CubinCache(folder: nil).keep(code, "x.cubin"))
  }

  /// Ranks that start together write the same file: whoever reads sees all of it or nothing.
  @Test func racesAreHarmless() async {
    let (cache, code) = (cache, code)
    await withTaskGroup(of: Bool.self) { group in
      for index in 0..<32 {
        group.addTask {
          if index % 2 == 0 { return cache.keep(code, "x.cubin") }
          let found = cache.code("x.cubin")
          return found == nil || found == code
        }
      }
      for await isRight in group { #expect(isRight) }
    }
    #expect(cache.code("x.cubin") == code)
  }

  @Test func theNameHasAllThatTheCodeDependsOn() {
    let unit = KernelSource(name: "sums.cu", text: "a")
    let header = KernelSource(name: "h.cuh", text: "b")
    func name(
      _ unit: KernelSource, _ headers: [KernelSource], _ target: KernelTarget, _ extra: [String] = [],
      compiler: String = "13.0"
    ) -> String {
      CubinCache.name(of: unit, headers: headers, options: target.options + extra, target: target, compiler: compiler)
    }
    let target = KernelTarget(capability: 90)
    let names = [
      name(unit, [header], target), name(KernelSource(name: "sums.cu", text: "A"), [header], target),
      name(unit, [KernelSource(name: "h.cuh", text: "B")], target), name(unit, [], target),
      name(unit, [header], KernelTarget(capability: 80)), name(unit, [header], target, ["--fmad=false"]),
      name(unit, [header], target, compiler: "12.9"),
    ]
    #expect(Set(names).count == names.count)
    #expect(names[0].hasPrefix("sums-sm_90a-") && names[0].hasSuffix(".cubin") && names[0].utf8.count == 12 + 32 + 6)
  }

  @Test func theFolderFollowsTheEnvironment() {
    #expect(CubinCache.folder(environment: ["SGMN_CUDA_CACHE": "/c", "HOME": "/h"]) == "/c")
    #expect(CubinCache.folder(environment: ["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/sgmn-trainer/cubins")
    #expect(CubinCache.folder(environment: ["HOME": "/h"]) == "/h/.cache/sgmn-trainer/cubins")
    #expect(CubinCache.folder(environment: [:]) == nil)
  }
}
