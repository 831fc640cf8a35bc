/// 32-bit row or column numbers on a backend; -1 means "none" where an operator says so.
public final class IndexTensor: @unchecked Sendable {
  public let count: Int
  public let backend: any Backend
  public let storage: any Storage

  public init(uninitialized count: Int, backend: any Backend) {
    self.count = count
    self.backend = backend
    storage = backend.allocate(byteCount: count * 4)
  }

  public convenience init(_ indices: [Int32], backend: any Backend) {
    self.init(uninitialized: indices.count, backend: backend)
    indices.withUnsafeBytes { backend.upload($0, to: storage, byteOffset: 0) }
  }

  public func values() -> [Int32] {
    var indices = [Int32](repeating: 0, count: count)
    indices.withUnsafeMutableBytes { backend.download(storage, byteOffset: 0, to: $0) }
    return indices
  }
}
