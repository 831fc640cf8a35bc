/// Where the gradient of one parameter is collected, and whether anything is there yet.
///
/// The first contribution of a step replaces what the memory holds, later ones are added: a step then neither writes
/// zeros into all gradients nor reads them back. The parameter, its operand and views of either share one slot.
public final class GradientSlot: @unchecked Sendable {
  /// Of the whole parameter.
  public let gradient: Tensor
  /// Whether the memory holds nothing of this step: whatever is there does not count.
  public private(set) var isEmpty = false

  public init(_ gradient: Tensor) { self.gradient = gradient }

  /// A step begins.
  public func empty() { isEmpty = true }

  /// Makes the gradient zero where no contribution came.
  public func settle() {
    guard isEmpty else { return }
    isEmpty = false
    gradient.backend.fill(gradient, with: 0)
  }

  /// Whether who is about to write `part` of the gradient replaces what is there. The slot counts as filled then; where
  /// only a part of it will be, the rest is zeroed first.
  func isReplaced(by part: Tensor) -> Bool {
    guard isEmpty else { return false }
    guard part.count == gradient.count else {
      settle()
      return false
    }
    isEmpty = false
    return true
  }
}
