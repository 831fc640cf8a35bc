import Testing

@testable import PretrainedWeights

@Suite struct LengthBatchesTests {
  @Test func longOnesGoTogether() {
    #expect(LengthBatches.batches(of: [3, 10, 4, 9, 3], tokenCount: 20) == [[1, 3], [2, 0, 4]])
  }

  @Test func aTextThatIsTooLongIsABatch() {
    #expect(LengthBatches.batches(of: [5, 7, 1], tokenCount: 1) == [[1], [0], [2]])
    #expect(LengthBatches.batches(of: [], tokenCount: 8).isEmpty)
  }
}
