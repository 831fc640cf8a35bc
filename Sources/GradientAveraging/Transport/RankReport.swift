import CUDAWorker
import Faults
import Glibc
import TensorCore

/// What a rank tells the others before they choose how gradients travel.
struct RankReport: Sendable, Equatable {
  /// The GPU that holds the gradients, by machine and card: the same text where it is the same card. nil on a CPU.
  var gpu: String?
  /// Of NCCL, nil where it was not looked for or not found.
  var version: String?
  /// Why there is no NCCL, where it was looked for.
  var obstacle: String?

  /// NCCL is opened only where `transport` may take it.
  init(of gradients: Tensor, _ transport: Transport) {
    guard let gpu = gradients.gpu else { return }
    self.gpu = Self.machine + " " + gpu.device.uuid.map { String($0, radix: 16) }.joined(separator: ".")
    guard transport != .mpi else { return }
    do {
      version = try NCCLCommunicator.version()
    } catch {
      obstacle = (error as? Fault)?.what ?? "\(error)"
    }
  }

  init(gpu: String?, version: String? = nil, obstacle: String? = nil) {
    (self.gpu, self.version, self.obstacle) = (gpu, version, obstacle)
  }

  init(_ bytes: [UInt8]) {
    let fields = bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    func field(_ index: Int) -> String? { fields.indices.contains(index) && fields[index] != "" ? fields[index] : nil }
    self.init(gpu: field(0), version: field(1), obstacle: field(2))
  }

  var bytes: [UInt8] { Array([gpu, version, obstacle].map { $0 ?? "" }.joined(separator: "\0").utf8) }

  /// The kernel's number of this boot, which containers on one machine share.
  private static var machine: String {
    guard let file = fopen("/proc/sys/kernel/random/boot_id", "r") else { return "" }
    defer { fclose(file) }
    var text = [UInt8](repeating: 0, count: 36)
    let count = fread(&text, 1, text.count, file)
    return String(decoding: text.prefix(count), as: UTF8.self)
  }
}
