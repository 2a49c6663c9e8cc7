<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\Exception\LocalizedException;
use Magento\Store\Model\ResourceModel\Website as WebsiteResource;
use Magento\Store\Model\StoreManagerInterface;
use StoreController\Bridge\Api\Data\ScopeNodeInterface;
use StoreController\Bridge\Api\TopologyInterface;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Core\TopologyNode;
use StoreController\Bridge\Model\Topology\Builder;

/**
 * PUT topology.
 */
class TopologyService implements TopologyInterface
{
    private const ORDER = [TopologyNode::WEBSITE, TopologyNode::GROUP, TopologyNode::STORE];
    private const STALE = ['config', 'layout', 'block_html', 'full_page', 'config_webservice'];

    /**
     * @param Mutex $mutex
     * @param Builder $builder
     * @param WebsiteResource $resource
     * @param StoreManagerInterface $stores
     * @param Sequences $sequences
     * @param StaleCaches $stale
     * @param Failures $failures
     */
    public function __construct(
        private readonly Mutex $mutex,
        private readonly Builder $builder,
        private readonly WebsiteResource $resource,
        private readonly StoreManagerInterface $stores,
        private readonly Sequences $sequences,
        private readonly StaleCaches $stale,
        private readonly Failures $failures
    ) {
    }

    /**
     * @inheritDoc
     */
    public function apply(array $nodes): array
    {
        try {
            $wanted = array_map($this->node(...), array_values($nodes));
        } catch (Refusal $refusal) {
            throw $this->failures->malformed($refusal);
        }
        usort($wanted, static fn (TopologyNode $one, TopologyNode $other): int =>
            array_search($one->type, self::ORDER, true) <=> array_search($other->type, self::ORDER, true));
        return $this->mutex->alone(function () use ($wanted): array {
            $this->stale->clean();
            $done = $this->build($wanted);
            $this->stores->reinitStores();
            $this->repair($done);
            $this->stale->clean();
            return $done;
        });
    }

    /**
     * Builds everything in one transaction.
     *
     * @param TopologyNode[] $nodes
     * @return ScopeNodeInterface[]
     */
    private function build(array $nodes): array
    {
        // The resource model's transaction and not the connection's: only its commit() runs the callbacks in
        // which Magento makes a new store view's tables and index.
        $this->resource->beginTransaction();
        try {
            $done = array_map($this->builder->build(...), $nodes);
            foreach ($done as $node) {
                if ($node->getStatus() !== 'unchanged') {
                    $this->stale->mark(self::STALE);
                    break;
                }
            }
            $this->resource->commit();
            return $done;
        } catch (\Throwable $failure) {
            while ($this->resource->getConnection()->getTransactionLevel() > 0) {
                $this->resource->rollBack();
            }
            $this->stores->reinitStores();
            throw $failure instanceof LocalizedException || $failure instanceof Refusal
                ? $this->failures->refusedNodes($failure)
                : $failure;
        }
    }

    /**
     * Makes the tables that an earlier creation failed to make, and says so.
     *
     * @param ScopeNodeInterface[] $done
     */
    private function repair(array $done): void
    {
        $repaired = $this->sequences->repair();
        foreach ($done as $node) {
            $lacked = $node->getType() === TopologyNode::STORE && in_array($node->getId(), $repaired, true);
            if ($lacked && $node->getStatus() === 'unchanged') {
                $node->setStatus('repaired');
            }
        }
    }

    /**
     * Takes a node out of Magento's data object.
     *
     * @param ScopeNodeInterface $node
     */
    private function node(ScopeNodeInterface $node): TopologyNode
    {
        return new TopologyNode(
            (string)$node->getType(),
            (string)$node->getCode(),
            $node->getName(),
            $node->getParentCode(),
            $node->getSortOrder(),
            $node->getIsActive(),
            $node->getIsDefault(),
            $node->getRootCategoryId()
        );
    }
}
