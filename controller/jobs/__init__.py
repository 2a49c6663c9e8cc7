"""The two homes of the reconciler: threads of one process, or Celery workers."""
