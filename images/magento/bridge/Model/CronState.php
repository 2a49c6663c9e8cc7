<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Cron\Model\Schedule;
use Magento\Framework\App\ResourceConnection;

/**
 * When cron worked last and what waits for it.
 */
class CronState
{
    private const TABLE = 'cron_schedule';

    /**
     * @param ResourceConnection $resource
     */
    public function __construct(private readonly ResourceConnection $resource)
    {
    }

    /**
     * Returns when a job finished last, in UTC; null when none ever did.
     */
    public function lastFinished(): ?string
    {
        $connection = $this->resource->getConnection();
        $select = $connection->select()
            ->from($this->resource->getTableName(self::TABLE), [new \Zend_Db_Expr('MAX(finished_at)')])
            ->where('status = ?', Schedule::STATUS_SUCCESS);
        $last = $connection->fetchOne($select);
        return $last ? (string)$last : null;
    }

    /**
     * Returns the seconds since then.
     */
    public function lag(): ?int
    {
        $last = $this->lastFinished();
        return $last === null ? null : max(0, time() - (int)strtotime($last . ' UTC'));
    }

    /**
     * Returns how many jobs are due and wait.
     */
    public function pending(): int
    {
        $connection = $this->resource->getConnection();
        $select = $connection->select()
            ->from($this->resource->getTableName(self::TABLE), [new \Zend_Db_Expr('COUNT(*)')])
            ->where('status = ?', Schedule::STATUS_PENDING)
            ->where('scheduled_at <= ?', gmdate('Y-m-d H:i:s'));
        return (int)$connection->fetchOne($select);
    }
}
