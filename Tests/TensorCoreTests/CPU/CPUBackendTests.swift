import Glibc
import Testing

@testable import TensorCore

@Suite struct CPUBackendTests {
  @Test func summaryNamesWhatRuns() {
    #expect(cpu.summary.contains("OpenBLAS") && cpu.summary.contains(CPUBackend.instructionSet))
    #expect(["avx512", "avx2", "neon", "portable"].contains(CPUBackend.instructionSet))
  }

  @Test func hostElementsAreTheTensorsOwn() {
    let x = Tensor([1, 2, 3, 4] as [Float], shape: [4], backend: cpu)
    let tail = x.slice(at: 2, shape: [2])
    tail.hostElements![0] = 9
    #expect(x.floats() == [1, 2, 9, 4])
    #expect(Tensor.zeros([1], dtype: .float64, backend: cpu).hostElements == nil)
  }

  /// In processes of their own: a choice of kernels is for a whole process and its every thread.
  @Suite struct BLASCoreTests {
    @Test func theEnvironmentIsObeyedWhereAsked() async {
      await #expect(processExitsWith: .success) {
        setenv("OPENBLAS_CORETYPE", "Haswell", 1)
        precondition(BLASCore.environment.select() == nil)
      }
    }

    @Test func anInheritedChoiceIsOverriddenAndSaid() async {
      await #expect(processExitsWith: .success) {
        setenv("OPENBLAS_CORETYPE", "Haswell", 1)
        let line = BLASCore.automatic.select()!
        precondition(line.contains("OPENBLAS_CORETYPE=Haswell"))
        precondition(BLASCore.automatic.select() == nil || getenv("OPENBLAS_CORETYPE") != nil)
        let worker = CPUBackend()
        let ones = Tensor([Float](repeating: 1, count: 64 * 64), shape: [64, 64], backend: worker)
        precondition(ones.product(ones).floats() == [Float](repeating: 64, count: 64 * 64))
      }
    }

    @Test func withNothingInheritedThereIsNothingToSay() async {
      await #expect(processExitsWith: .success) {
        unsetenv("OPENBLAS_CORETYPE")
        precondition(BLASCore.automatic.select() == nil)
      }
    }
  }
}
