<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\App\ResourceConnection;
use Magento\Framework\Event\Observer;
use Magento\SalesSequence\Model\EntityPool;
use Magento\SalesSequence\Observer\SequenceCreatorObserver;
use Magento\Store\Model\StoreFactory;

/**
 * Tables that orders, invoices, shipments and credit memos take their numbers from, one set for each store view.
 *
 * Core makes them in an observer that runs in a commit callback, where exceptions are logged and dropped: a search
 * engine that is down is enough to lose them, and then no order can be placed in the new store view.
 */
class Sequences
{
    private const META = 'sales_sequence_meta';
    private const CONNECTION = 'sales';

    /**
     * @param ResourceConnection $resource
     * @param SequenceCreatorObserver $creator
     * @param EntityPool $entities
     * @param StoreFactory $stores
     * @param Views $views
     */
    public function __construct(
        private readonly ResourceConnection $resource,
        private readonly SequenceCreatorObserver $creator,
        private readonly EntityPool $entities,
        private readonly StoreFactory $stores,
        private readonly Views $views
    ) {
    }

    /**
     * Makes what is missing. Returns the numbers of the store views that lacked something.
     *
     * @return int[]
     */
    public function repair(): array
    {
        $connection = $this->resource->getConnection(self::CONNECTION);
        $select = $connection->select()
            ->from(
                $this->resource->getTableName(self::META, self::CONNECTION),
                ['store_id', 'known' => new \Zend_Db_Expr('COUNT(DISTINCT entity_type)')]
            )
            ->group('store_id');
        $known = array_map('intval', $connection->fetchPairs($select));
        $needed = count($this->entities->getEntities());
        $lacking = array_filter($this->views->ids(), static fn (int $id): bool => ($known[$id] ?? 0) < $needed);
        foreach ($lacking as $id) {
            $this->creator->execute(new Observer(['store' => $this->stores->create()->setId($id)]));
        }
        return array_values($lacking);
    }
}
