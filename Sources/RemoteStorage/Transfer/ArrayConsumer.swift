/// Collects bytes whose count nobody knows before.
final class ArrayConsumer: ByteConsumer {
  private(set) var bytes: [UInt8] = []
  private static let reservationLimit = 1 << 30

  func announce(_ byteCount: Int) { bytes.reserveCapacity(min(byteCount, ArrayConsumer.reservationLimit)) }

  func receive(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

  func restart() { bytes.removeAll(keepingCapacity: true) }
}
