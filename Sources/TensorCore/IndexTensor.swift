/// 32-bit row or column numbers on a backend; -1 means "none" where an operator says so.
public final class IndexTensor: @unchecked Sendable {
  public let count: Int
  public let backend: any Backend
  public let storage: any Storage
  /// The numbers, where they came from this process rather than from a kernel: nobody then reads them back.
  public let hostValues: [Int32]?

  public init(uninitialized count: Int, backend: any Backend) {
    self.count = count
    self.backend = backend
    hostValues = nil
    storage = backend.allocate(byteCount: count * 4)
  }

  public init(_ indices: [Int32], backend: any Backend) {
    count = indices.count
    self.backend = backend
    hostValues = indices
    storage = backend.allocate(byteCount: count * 4)
    indices.withUnsafeBytes { backend.upload($0, to: storage, byteOffset: 0) }
  }

  public func values() -> [Int32] {
    if let hostValues { return hostValues }
    var indices = [Int32](repeating: 0, count: count)
    indices.withUnsafeMutableBytes { backend.download(storage, byteOffset: 0, to: $0) }
    return indices
  }
}
