import Collectives
import SGMNModel
import TensorCore

/// The pairs of all ranks in rank order, with gradients for this rank's own (`negatives: global`).
///
/// Every rank computes the same losses L of the same gathered embeddings g. Gradients are averaged over the R ranks
/// afterwards, and the gradient of the whole is Σ over ranks of ∂L/∂g_r · ∂g_r/∂p; so each rank passes R · ∂L/∂g_r on to
/// what made its own rows, and drops the rest, which the others have as well. That is exact and needs no further
/// communication. Parameters of the losses themselves (GCI) get the same gradient on every rank, which is its average.
package struct PairGathering {
  package let communicator: any Communicator

  package init(_ communicator: any Communicator) { self.communicator = communicator }

  /// (N, …) of every rank -> (R·N, …), on every rank; all ranks have as many pairs and frames. One exchange.
  package func callAsFunction(_ own: PairEmbeddings) throws -> PairEmbeddings {
    guard communicator.rankCount > 1 else { return own }
    let tensors = [own.image, own.clip, own.frames] + (own.texts.map { [$0.asr, $0.title] } ?? [])
    var message = RankMessage()
    for tensor in tensors { message.append(tensor) }
    message.append(own.productKeys)
    message.append(own.mask.map { UInt8($0 ? 1 : 0) })
    // Also by a rank that misses none: the messages must be of one length.
    let presence = own.texts.map { _ in own.presenceBytes } ?? []
    message.append(presence)
    try own.image.backend.throwIfFailed()
    var all = try message.gathered(over: communicator)

    let image = tracked(all.next(like: own.image), own.image)
    let clip = tracked(all.next(like: own.clip), own.clip)
    let frames = all.next(like: own.frames)
    let texts = own.texts.map { texts in
      (asr: tracked(all.next(like: texts.asr), texts.asr), title: tracked(all.next(like: texts.title), texts.title))
    }
    let productKeys = all.next(own.productKeys)
    let mask = all.next([UInt8](repeating: 0, count: own.mask.count)).map { $0 != 0 }
    return PairEmbeddings(
      image: image, clip: clip, frames: frames, texts: texts,
      textPresence: PairGathering.presence(all.next(presence), pairCount: productKeys.count), mask: mask,
      productKeys: productKeys)
  }

  /// From 1 for the ASR and 2 for the title of every pair of all ranks; no bytes without text.
  private static func presence(_ bytes: [UInt8], pairCount: Int) -> TextPresence? {
    TextPresence(asr: bytes.map { $0 & 1 != 0 }, title: bytes.map { $0 & 2 != 0 }, pairCount: pairCount)
  }

  /// The gathered rows as an operator on this rank's own.
  private func tracked(_ all: Tensor, _ own: Tensor) -> Tensor {
    let (rank, rankCount) = (communicator.rank, communicator.rankCount)
    return all.record(from: own) { gradient, gradients in
      gradients.add(Double(rankCount) * gradient.slice(at: rank * own.count, shape: own.shape), to: own)
    }
  }
}

extension PairEmbeddings {
  /// 1 for the ASR and 2 for the title of every pair, added up.
  fileprivate var presenceBytes: [UInt8] {
    guard let textPresence else { return [UInt8](repeating: 3, count: pairCount) }
    return zip(textPresence.asr, textPresence.title).map { ($0 ? 1 : 0) + ($1 ? 2 : 0) }
  }
}

/// Arrays that every rank sends to all in one exchange; of the same lengths on all ranks.
private struct RankMessage {
  private var bytes: [UInt8] = []

  mutating func append<Value: BitwiseCopyable>(_ values: [Value]) {
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ tensor: Tensor) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: tensor.byteCount))
    bytes.withUnsafeMutableBytes {
      tensor.backend.download(
        tensor.storage, byteOffset: tensor.offset * tensor.dtype.byteCount,
        to: UnsafeMutableRawBufferPointer(rebasing: $0[start...]))
    }
  }

  func gathered(over communicator: any Communicator) throws -> Gathered {
    var all = [UInt8](repeating: 0, count: bytes.count * communicator.rankCount)
    try bytes.withUnsafeBytes { own in
      try all.withUnsafeMutableBytes { try communicator.allGather(own, into: $0) }
    }
    return Gathered(bytes: all, rankCount: communicator.rankCount)
  }

  /// What all ranks sent, taken out in the order in which it was put in.
  struct Gathered {
    let bytes: [UInt8]
    let rankCount: Int
    private var place = 0

    init(bytes: [UInt8], rankCount: Int) { (self.bytes, self.rankCount) = (bytes, rankCount) }

    /// The values of rank 0, then of rank 1, …; `own` says of what type and how many.
    mutating func next<Value: BitwiseCopyable>(_ own: [Value]) -> [Value] {
      let byteCount = own.count * MemoryLayout<Value>.stride
      return [Value](unsafeUninitializedCapacity: own.count * rankCount) { buffer, count in
        copy(byteCount, into: UnsafeMutableRawBufferPointer(buffer))
        count = own.count * rankCount
      }
    }

    /// The rows of all ranks, one below the other.
    mutating func next(like own: Tensor) -> Tensor {
      let all = Tensor(
        uninitialized: [own.shape[0] * rankCount] + own.shape.dropFirst(), dtype: own.dtype, backend: own.backend)
      let host = UnsafeMutableRawBufferPointer.allocate(byteCount: all.byteCount, alignment: 16)
      defer { host.deallocate() }
      copy(own.byteCount, into: host)
      all.backend.upload(UnsafeRawBufferPointer(host), to: all.storage, byteOffset: 0)
      return all
    }

    private mutating func copy(_ byteCount: Int, into target: UnsafeMutableRawBufferPointer) {
      let ownByteCount = bytes.count / rankCount
      bytes.withUnsafeBytes { all in
        for rank in 0..<rankCount where byteCount > 0 {
          let start = rank * ownByteCount + place
          UnsafeMutableRawBufferPointer(rebasing: target[(rank * byteCount)..<((rank + 1) * byteCount)])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: all[start..<(start + byteCount)]))
        }
      }
      place += byteCount
    }
  }
}
