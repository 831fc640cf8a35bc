import Faults
import Randomness
import Synchronization

/// Orders of a set in which no batch has a product twice.
///
/// For an epoch of S batches the products are put in a random order, the clips of each, in a random order, side by
/// side; then they are dealt to the batches as cards are, one each in turn. A product with at most S clips never
/// meets itself. A batch keeps the first G that it was dealt and shuffles them, and the batches are shuffled too.
///
/// An order is a table of 4 bytes a place, made once an epoch in linear time; the tables of the two latest epochs are
/// kept. It depends on (set, G, seed, epoch) alone.
final class ProductSpread: Sendable {
  private let pairsPerStep: Int
  private let stepsPerEpoch: Int
  private let seed: UInt64
  /// The samples, those of one product side by side.
  private let samples: [Int32]
  /// Where in `samples` each product begins, and the end.
  private let starts: [Int32]
  private let tables = Mutex<[(epoch: Int, samples: [Int32])]>([])

  /// - Parameters:
  ///   - samples: at least `pairsPerStep` numbers of samples.
  ///   - productKey: a hash of the product of a sample. 2⁶⁴⁻ᵇ values of it are told apart, b the bits that a number
  ///     of a sample takes; two products taken for one are kept apart from each other too, and nothing else.
  ///
  /// Throws `Fault(.configuration)` where a product has more clips than the epoch has batches.
  init(samples all: [Int32], pairsPerStep: Int, seed: UInt64, place: String, productKey: (Int) -> UInt64) throws {
    precondition(pairsPerStep >= 1 && pairsPerStep <= all.count, "\(pairsPerStep) pairs a step of \(all.count)")
    self.pairsPerStep = pairsPerStep
    stepsPerEpoch = all.count / pairsPerStep
    self.seed = seed
    // One word a sample, the product above and the place below, so that sorting needs no more memory than that.
    let bits = UInt64(Int.bitWidth - all.count.leadingZeroBitCount)
    let mask: UInt64 = 1 << bits - 1
    var words = all.indices.map { ProductSpread.mixed(productKey(Int(all[$0]))) & ~mask | UInt64($0) }
    words.sort()
    var starts: [Int32] = []
    for (place, word) in words.enumerated() where place == 0 || words[place - 1] & ~mask != word & ~mask {
      starts.append(Int32(place))
    }
    starts.append(Int32(words.count))
    self.starts = starts
    samples = words.map { all[Int($0 & mask)] }
    try check(place)
  }

  private func check(_ place: String) throws {
    var (most, first) = (0, 0)
    for product in 0..<(starts.count - 1) where Int(starts[product + 1] - starts[product]) > most {
      (most, first) = (Int(starts[product + 1] - starts[product]), Int(samples[Int(starts[product])]))
    }
    guard most > stepsPerEpoch else { return }
    throw Fault(
      .configuration,
      "The product of sample \(first) has \(most) clips, and an epoch has only \(stepsPerEpoch) batches of "
        + "\(pairsPerStep) pairs: it would meet itself in a batch", at: place,
      remedy: "Lower data.global_batch to \(samples.count / most) or less, or set data.unique_products=false")
  }

  /// The samples of an epoch, batch after batch.
  func order(ofEpoch epoch: Int) -> [Int32] {
    // Under the lock: a second thread that asks waits for the table instead of making it too.
    tables.withLock { tables in
      if let known = tables.first(where: { $0.epoch == epoch }) { return known.samples }
      if tables.count == 2 { tables.remove(at: tables[0].epoch < tables[1].epoch ? 0 : 1) }
      let samples = dealt(epoch)
      tables.append((epoch, samples))
      return samples
    }
  }

  private func dealt(_ epoch: Int) -> [Int32] {
    var stream = RandomStream(seed: seed, "product spread", epoch)
    var products = Array(0..<Int32(starts.count - 1))
    products.shuffle(using: &stream)
    var batches = Array(0..<Int32(stepsPerEpoch))
    batches.shuffle(using: &stream)
    var result = [Int32](repeating: 0, count: stepsPerEpoch * pairsPerStep)
    var clips: [Int32] = []
    var (batch, slot) = (0, 0)
    for product in products {
      clips.replaceSubrange(0..., with: samples[Int(starts[Int(product)])..<Int(starts[Int(product) + 1])])
      clips.shuffle(using: &stream)
      for clip in clips {
        if slot < pairsPerStep { result[Int(batches[batch]) * pairsPerStep + slot] = clip }
        batch += 1
        if batch == stepsPerEpoch { (batch, slot) = (0, slot + 1) }
      }
    }
    for start in stride(from: 0, to: result.count, by: pairsPerStep) {
      result[start..<(start + pairsPerStep)].shuffle(using: &stream)
    }
    return result
  }

  /// A bijection that spreads keys over all 64 bits (the finalizer of MurmurHash3).
  private static func mixed(_ key: UInt64) -> UInt64 {
    var value = key
    value = (value ^ value >> 33) &* 0xFF51_AFD7_ED55_8CCD
    value = (value ^ value >> 33) &* 0xC4CE_B9FE_1A85_EC53
    return value ^ value >> 33
  }
}
