"""Topics as rows on local disk: every gateway's own copy, kept at the topics' ends by one consumer.

Who wants a further topic here writes a `TopicRows` (topic_rows.py) and gives it to the follower in `gateway/app.py`.
"""
