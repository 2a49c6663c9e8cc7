<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Topology;

use Magento\Catalog\Api\CategoryRepositoryInterface;
use Magento\Framework\Exception\LocalizedException;
use Magento\Framework\Model\AbstractModel;
use Magento\Framework\Model\ResourceModel\Db\AbstractDb;
use Magento\Store\Model\GroupFactory;
use Magento\Store\Model\ResourceModel\Group as GroupResource;
use Magento\Store\Model\ResourceModel\Store as StoreResource;
use Magento\Store\Model\ResourceModel\Website as WebsiteResource;
use Magento\Store\Model\StoreFactory;
use Magento\Store\Model\WebsiteFactory;
use StoreController\Bridge\Api\Data\ScopeNodeInterface;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Core\TopologyNode;
use StoreController\Bridge\Model\Data\ScopeNode;

/**
 * Makes or updates one website, store group or store view, found by its code.
 */
class Builder
{
    private const ROOT_LEVEL = 1;

    /**
     * @param WebsiteFactory $websites
     * @param GroupFactory $groups
     * @param StoreFactory $stores
     * @param WebsiteResource $websiteResource
     * @param GroupResource $groupResource
     * @param StoreResource $storeResource
     * @param CategoryRepositoryInterface $categories
     */
    public function __construct(
        private readonly WebsiteFactory $websites,
        private readonly GroupFactory $groups,
        private readonly StoreFactory $stores,
        private readonly WebsiteResource $websiteResource,
        private readonly GroupResource $groupResource,
        private readonly StoreResource $storeResource,
        private readonly CategoryRepositoryInterface $categories
    ) {
    }

    /**
     * Makes it what the node says; parents have to be there.
     *
     * @param TopologyNode $node
     * @throws Refusal|LocalizedException
     */
    public function build(TopologyNode $node): ScopeNodeInterface
    {
        return match ($node->type) {
            TopologyNode::WEBSITE => $this->website($node),
            TopologyNode::GROUP => $this->group($node),
            default => $this->store($node),
        };
    }

    /**
     * Makes or updates a website.
     *
     * @param TopologyNode $node
     */
    private function website(TopologyNode $node): ScopeNodeInterface
    {
        $website = $this->find($this->websites->create(), $this->websiteResource, $node->code);
        $wanted = ['sort_order' => $node->sortOrder, 'is_default' => $node->isDefault ? 1 : null];
        $new = ['sort_order' => 0, 'default_group_id' => 0];
        return $this->save($this->websiteResource, $website, $node, $wanted, $new);
    }

    /**
     * Makes or updates a store group; the first one of a website becomes its default.
     *
     * @param TopologyNode $node
     */
    private function group(TopologyNode $node): ScopeNodeInterface
    {
        $website = $this->find($this->websites->create(), $this->websiteResource, $node->parentCode);
        if (!$website->getId()) {
            throw new Refusal('Website "%1" does not exist.', [(string)$node->parentCode]);
        }
        $group = $this->find($this->groups->create(), $this->groupResource, $node->code);
        if ($group->getId() && (int)$group->getData('website_id') !== (int)$website->getId()) {
            throw new Refusal('Group "%1" belongs to another website.', [$node->code]);
        }
        $wanted = ['website_id' => (int)$website->getId(), 'root_category_id' => $this->rootCategory($node)];
        $new = ['default_store_id' => 0];
        if (!$group->getId() && $wanted['root_category_id'] === null) {
            $new['root_category_id'] = $this->defaultRootCategory();
        }
        $done = $this->save($this->groupResource, $group, $node, $wanted, $new);
        $this->makeDefault($this->websiteResource, $website, 'default_group_id', $done, $node);
        return $done;
    }

    /**
     * Makes or updates a store view; the first one of a group becomes its default.
     *
     * @param TopologyNode $node
     */
    private function store(TopologyNode $node): ScopeNodeInterface
    {
        $group = $this->find($this->groups->create(), $this->groupResource, $node->parentCode);
        if (!$group->getId()) {
            throw new Refusal('Group "%1" does not exist.', [(string)$node->parentCode]);
        }
        $store = $this->find($this->stores->create(), $this->storeResource, $node->code);
        $website = (int)$group->getData('website_id');
        if ($store->getId() && (int)$store->getData('website_id') !== $website) {
            throw new Refusal('Store "%1" belongs to another website.', [$node->code]);
        }
        $wanted = [
            'group_id' => (int)$group->getId(),
            'website_id' => $website,
            'sort_order' => $node->sortOrder,
            'is_active' => $node->isActive === null ? null : (int)$node->isActive,
        ];
        $done = $this->save($this->storeResource, $store, $node, $wanted, ['sort_order' => 0, 'is_active' => 1]);
        $this->makeDefault($this->groupResource, $group, 'default_store_id', $done, $node);
        return $done;
    }

    /**
     * Loads a thing by its code; an empty one when there is none.
     *
     * @template T of AbstractModel
     * @param T $model
     * @param AbstractDb $resource
     * @param string|null $code
     * @return T
     */
    private function find(AbstractModel $model, AbstractDb $resource, ?string $code): AbstractModel
    {
        if ($code !== null && $code !== '') {
            $resource->load($model, $code, 'code');
        }
        return $model;
    }

    /**
     * Checks the root category of a group; core takes any number.
     *
     * @param TopologyNode $node
     */
    private function rootCategory(TopologyNode $node): ?int
    {
        if ($node->rootCategoryId === null) {
            return null;
        }
        $category = $this->categories->get($node->rootCategoryId, 0);
        if ((int)$category->getLevel() !== self::ROOT_LEVEL) {
            throw new Refusal('Category %1 is not a root category.', [$node->rootCategoryId]);
        }
        return $node->rootCategoryId;
    }

    /**
     * Returns the root category that the shop's first group has.
     */
    private function defaultRootCategory(): int
    {
        $connection = $this->groupResource->getConnection();
        $select = $connection->select()
            ->from($this->groupResource->getMainTable(), ['root_category_id'])
            ->where('group_id > 0')
            ->order('group_id')
            ->limit(1);
        return (int)$connection->fetchOne($select);
    }

    /**
     * Stores what differs and tells what was done.
     *
     * @param AbstractDb $resource
     * @param AbstractModel $model
     * @param TopologyNode $node
     * @param array<string,int|string|null> $wanted null leaves a thing as it is
     * @param array<string,int> $new what a new one has unless it is wanted otherwise
     */
    private function save(
        AbstractDb $resource,
        AbstractModel $model,
        TopologyNode $node,
        array $wanted,
        array $new
    ): ScopeNodeInterface {
        $isNew = !$model->getId();
        $wanted = array_filter(
            ['code' => $node->code, 'name' => $node->name, ...$wanted],
            static fn (int|string|null $one): bool => $one !== null
        );
        if ($isNew) {
            $wanted += ['name' => $node->code] + $new;
        }
        $changed = $isNew;
        foreach ($wanted as $name => $value) {
            if ($isNew || (string)$model->getData($name) !== (string)$value) {
                $model->setData($name, $value);
                $changed = true;
            }
        }
        if ($changed) {
            $resource->save($model);
        }
        return new ScopeNode(
            type: $node->type,
            code: $node->code,
            name: (string)$model->getData('name'),
            parentCode: $node->parentCode,
            id: (int)$model->getId(),
            status: match (true) {
                $isNew => 'created',
                $changed => 'updated',
                default => 'unchanged',
            }
        );
    }

    /**
     * Lets a parent fall back to this child when it has nothing else, or when it shall.
     *
     * @param AbstractDb $resource
     * @param AbstractModel $parent
     * @param string $column
     * @param ScopeNodeInterface $child
     * @param TopologyNode $node
     */
    private function makeDefault(
        AbstractDb $resource,
        AbstractModel $parent,
        string $column,
        ScopeNodeInterface $child,
        TopologyNode $node
    ): void {
        // Saving the child may have changed its parent's row behind this model.
        $resource->load($parent, $parent->getId());
        $current = (int)$parent->getData($column);
        if ($current === $child->getId() || $current !== 0 && !$node->isDefault) {
            return;
        }
        $parent->setData($column, $child->getId());
        $resource->save($parent);
        if ($child->getStatus() === 'unchanged') {
            $child->setStatus('updated');
        }
    }
}
