# frozen_string_literal: true

require "json"
require_relative "storage/memory"

# Everything that a warehouse holds.
module Warehouse
  # The most items that one shelf carries.
  SHELF_LIMIT = 120

  LEVELS = {
    low: 5,
    high: 90,
  }.freeze

  # A shelf with items on it.
  #
  # Items are kept in the order in which they came.
  class Shelf < Storage::Base
    include Enumerable
    extend Forwardable

    # Where the shelf stands.
    attr_reader :location, :items
    attr_accessor :label

    Position = Struct.new(:aisle, :level) do
      def to_s
        "#{aisle}/#{level}"
      end
    end

    class << self
      # Builds a shelf from its JSON form.
      def parse(text)
        new(**JSON.parse(text, symbolize_names: true))
      end
    end

    def initialize(location:, items: [])
      @location = location
      @items = items
      super()
    end

    def self.empty = new(location: nil)

    # Puts an item onto the shelf.
    # @raise [FullError] when there is no room
    def <<(item)
      raise FullError, "no room" if full?

      @items.push(item)
      notify(:added, item)
    end

    def each(&block)
      items.each(&block)
    end

    def label=(text)
      @label = text.strip
    end

    private def full?
      items.size >= SHELF_LIMIT
    end

    class FullError < StandardError; end

    define_method(:volume) do
      items.sum(&:volume)
    end
  end

  class Shelf::Audit
    def run; end
  end
end

RSpec.describe Warehouse::Shelf do
  let(:shelf) { described_class.empty }

  context "when full" do
    it "refuses another item" do
      expect { shelf << Item.new }.to raise_error(Warehouse::Shelf::FullError)
    end
  end
end

def restock(shelf)
  shelf.each { |item| reorder(item) }
end
