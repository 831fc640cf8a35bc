import DurableFiles
import Faults
import Glibc

/// Compiled kernels in a folder that processes share: a file has the hash of all that it was made from in its name, and
/// its own checksum inside.
///
/// Nothing here fails: what is missing, damaged or cannot be kept is compiled again.
struct CubinCache: Sendable {
  private static let mark: [UInt8] = Array("SGMNCUB1".utf8)
  private static let headerByteCount = 24
  private static let greatestByteCount = 256 << 20

  /// nil where nothing is kept.
  let folder: String?

  /// `SGMN_CUDA_CACHE`, or sgmn-trainer/cubins of `XDG_CACHE_HOME` or ~/.cache.
  static func folder(environment: [String: String]) -> String? {
    if let folder = environment["SGMN_CUDA_CACHE"], !folder.isEmpty { return folder }
    if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") { return "\(cache)/sgmn-trainer/cubins" }
    if let home = environment["HOME"], home.hasPrefix("/") { return "\(home)/.cache/sgmn-trainer/cubins" }
    return nil
  }

  /// `attention-sm_90a-0123….cubin`: of source, headers, options and compiler.
  static func name(
    of unit: KernelSource, headers: [KernelSource], options: [String], target: KernelTarget, compiler: String
  ) -> String {
    var text: [UInt8] = []
    for part in [unit.name, unit.text, compiler] + options + headers.flatMap({ [$0.name, $0.text] }) {
      text += part.utf8
      text.append(0)
    }
    let stem = unit.name.split(separator: ".").first ?? ""
    return "\(stem)-\(target.name)-\(hexadecimal(XXH3.hash(text)))\(hexadecimal(XXH3.hash(text, seed: 1))).cubin"
  }

  /// The code that was kept under a name, if it is there and whole.
  func code(_ name: String) -> [UInt8]? {
    guard let folder,
      let bytes = try? FileReader.contents(of: "\(folder)/\(name)", limit: CubinCache.greatestByteCount),
      bytes.count > CubinCache.headerByteCount, bytes.starts(with: CubinCache.mark)
    else { return nil }
    let code = Array(bytes[CubinCache.headerByteCount...])
    return Array(bytes[..<CubinCache.headerByteCount]) == CubinCache.header(of: code) ? code : nil
  }

  /// Keeps code for the next process. It is written aside and renamed, for ranks race; whether it was kept.
  @discardableResult
  func keep(_ code: [UInt8], _ name: String) -> Bool {
    guard let folder else { return false }
    do {
      try DurableFile.createFolder(folder)
      try DurableFile.write(CubinCache.header(of: code) + code, to: "\(folder)/\(name)")
      return true
    } catch { return false }
  }

  /// Mark, length and checksum.
  private static func header(of code: [UInt8]) -> [UInt8] {
    [UInt64(code.count), XXH3.hash(code)].reduce(mark) { header, number in
      header + (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    }
  }

  private static func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
