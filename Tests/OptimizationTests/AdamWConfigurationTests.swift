import Faults
import Foundation
import Optimization
import Testing

@Suite struct AdamWConfigurationTests {
  @Test func defaultsAndKeys() throws {
    let text = #"{"beta1":0.9,"beta2":0.98,"epsilon":1e-6,"weight_decay":0.2}"#
    #expect(try JSONDecoder().decode(AdamWConfiguration.self, from: Data(text.utf8)) == AdamWConfiguration())
    let encoded = try JSONEncoder().encode(AdamWConfiguration())
    let keys = try #require(JSONSerialization.jsonObject(with: encoded) as? [String: Any]).keys.sorted()
    #expect(keys == ["beta1", "beta2", "epsilon", "weight_decay"])
    try AdamWConfiguration().validate()
  }

  @Test(
    arguments: [
      (\AdamWConfiguration.beta1, 1.0, "beta1"), (\.beta2, -0.1, "beta2"), (\.beta2, .nan, "beta2"),
      (\.epsilon, 0, "epsilon"), (\.weightDecay, -1, "weight_decay"), (\.weightDecay, .infinity, "weight_decay"),
    ] as [(WritableKeyPath<AdamWConfiguration, Double> & Sendable, Double, String)])
  func refusesWhatIsNoUpdate(
    field: WritableKeyPath<AdamWConfiguration, Double> & Sendable, value: Double, name: String
  ) throws {
    var configuration = AdamWConfiguration()
    configuration[keyPath: field] = value
    let fault = #expect(throws: Fault.self) { try configuration.validate() }
    #expect(fault?.code == .configuration && fault?.what.contains("optimizer.\(name):") == true)
  }
}
