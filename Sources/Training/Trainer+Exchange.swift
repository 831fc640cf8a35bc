import Foundation
import GradientAveraging

extension Trainer {
  /// Says once how the gradients travel, and what they lose on their way.
  func report(_ sum: GradientSum) {
    if let decision = sum.decision { logger.info(decision.summary) }
    guard !hasToldWireError, let error = sum.wireError else { return }
    hasToldWireError = true
    logger.info("gradients travel as bf16: relative error \(String(format: "%.1e", error)) in this step")
  }
}

extension RunConfiguration.Precision {
  var wireFormat: WireFormat {
    switch self {
    case .float32: .float32
    case .bf16: .bfloat16
    }
  }
}
