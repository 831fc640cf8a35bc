import Collectives
import Testing

@testable import Supervision

@Suite struct HeartbeatTests {
  @Test func aHeartbeatArrivesAsItWasSent() {
    let heartbeat = Heartbeat(
      phase: .exchange, step: 1_234_567, seconds: 12.25, ticks: 99, processorSeconds: 3.5,
      samples: ["live-1/clip-2", "größer"])
    #expect(Heartbeat(heartbeat.bytes) == heartbeat)
    #expect(Heartbeat(Heartbeat().bytes) == Heartbeat())
  }

  @Test func samplesThatAMessageDoesNotHoldStayOut() throws {
    let samples = (0..<8).map { "\($0)" + String(repeating: "x", count: 300) }
    let bytes = Heartbeat(samples: samples).bytes
    #expect(bytes.count <= heartbeatByteLimit)
    #expect(try #require(Heartbeat(bytes)).samples == Array(samples.prefix(3)))
  }

  @Test func otherBytesAreNoHeartbeat() {
    let bytes = Heartbeat(samples: ["a"]).bytes
    for count in 0..<33 { #expect(Heartbeat(Array(bytes.prefix(count))) == nil) }
    #expect(Heartbeat([200] + bytes.dropFirst()) == nil)
    #expect(Heartbeat(bytes + [0xFF, 0x0A, 0xC3]) != nil)
  }
}
