/// Numbers of CPUs as the kernel writes them: `0-3,8`.
enum CPUList {
  /// Ascending, each once; nil where the text is not such a list. An empty text is an empty list.
  static func parse(_ text: some StringProtocol) -> [Int]? {
    var numbers: Set<Int> = []
    for range in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      // No machine has 65,536 CPUs: a greater number is not one.
      let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
      guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else {
        return nil
      }
      numbers.formUnion(Int(first)...Int(last))
    }
    return numbers.sorted()
  }

  static func text(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers.sorted() {
      if let last = ranges.last, last.upperBound + 1 >= number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}
