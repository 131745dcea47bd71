"""The transport over RabbitMQ: publishing with confirms, and feeding inboxes from queues."""
