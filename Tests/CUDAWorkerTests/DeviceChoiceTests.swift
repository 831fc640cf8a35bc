import CUDAWorker
import Testing

@Suite struct DeviceChoiceTests {
  @Test(arguments: [("auto", DeviceChoice.auto), ("cpu", .cpu), ("cuda", .cuda(nil)), ("cuda:3", .cuda(3))])
  func namesAreThoseOfTheCommandLine(_ name: String, _ choice: DeviceChoice) {
    #expect(DeviceChoice(rawValue: name) == choice && choice.rawValue == name)
  }

  @Test(arguments: ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:x", "cuda: 1", "cuda1"])
  func otherNamesAreNone(_ name: String) { #expect(DeviceChoice(rawValue: name) == nil) }
}
