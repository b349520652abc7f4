"""What gateway, workers and commands share to reach Kafka and the documents that events point to."""
