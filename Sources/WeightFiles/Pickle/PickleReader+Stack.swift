import Faults

extension PickleReader {
  func top() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else { throw fault("The pickle's stack is empty") }
    return value
  }

  mutating func pop() throws -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  /// The last `count` values, the oldest first.
  mutating func pop(_ count: Int) throws -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else { throw fault("The pickle's stack is empty") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  /// The values above the last mark, which is taken away.
  mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw fault("The pickle's stack has no mark") }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  mutating func keep(_ number: Int) throws {
    let value = try top()
    guard number <= memo.count else { throw fault("Value \(number) is kept before value \(memo.count)") }
    if number == memo.count { memo.append(value) } else { memo[number] = value }
  }

  mutating func get(_ number: Int) throws {
    guard number < memo.count else { throw fault("Value \(number) is used and was never kept") }
    stack.append(memo[number])
  }
}
