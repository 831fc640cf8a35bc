import Glibc

/// Strings as C wants an array of them.
final class CStrings {
  private let copies: [UnsafeMutablePointer<CChar>?]

  init(_ strings: [String]) { copies = strings.map { strdup($0) } }

  deinit { for copy in copies { free(copy) } }

  func withPointers<Result>(_ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result) -> Result {
    let pointers = copies.map { UnsafePointer($0) }
    return withExtendedLifetime(self) { pointers.withUnsafeBufferPointer { body($0.baseAddress!) } }
  }
}
