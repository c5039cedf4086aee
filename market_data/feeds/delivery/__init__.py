"""What makes every final arrive: connections kept up, catching up, polling, queues."""
