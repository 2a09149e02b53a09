require "net/smtp"
require_relative "template"

module Post
  DEFAULT_PORT = 25

  # Sends messages, again and again until they arrive.
  class Mailer < Base::Sender
    include Retryable
    attr_reader :host, :port

    def initialize(host, port = DEFAULT_PORT)
      @host = host
      @port = port
      @queue = []
      @log = Logger.new($stderr)
    end

    # Delivers one message.
    def deliver(message)
      body = Template.render(message)
      with_retries(3) do
        Net::SMTP.start(host, port) { |smtp| smtp.send_message(body, message.from, message.to) }
      end
    end

    def self.default
      @default ||= new("localhost")
    end

    private

    def empty? = @queue.empty?
  end
end
