import CCUDAKernels

/// The CUDA sources inside this executable.
enum KernelSources {
  /// Files that hold kernels.
  static let units = files(cuda_unit, cuda_unit_count)
  /// Files that those include, by the names they are included by.
  static let headers = files(cuda_header, cuda_header_count)

  private static func files(_ file: (Int) -> cuda_source, _ count: Int) -> [KernelSource] {
    (0..<count).map { index in
      let source = file(index)
      return KernelSource(name: String(cString: source.name), text: String(cString: source.text))
    }
  }
}

/// One file of CUDA C++.
struct KernelSource: Sendable, Equatable {
  /// `elementwise.cu`
  let name: String
  let text: String

  /// The length of the longest beginning of `kernel` that occurs in the text: all of it where the kernel is written out,
  /// its stem where a macro puts formats behind it.
  func sharedPrefix(with kernel: String) -> Int {
    let (text, name) = (Array(text.utf8), Array(kernel.utf8))
    var longest = 0
    for start in text.indices where text[start] == name[0] {
      if start > 0, KernelSource.isInIdentifier(text[start - 1]) { continue }
      var length = 0
      while length < name.count, start + length < text.count, text[start + length] == name[length] { length += 1 }
      longest = max(longest, length)
    }
    return longest
  }

  private static func isInIdentifier(_ character: UInt8) -> Bool {
    switch character {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
