<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use StoreController\Bridge\Api\ConfigInterface;
use StoreController\Bridge\Api\Data\ApplyResultInterface;
use StoreController\Bridge\Api\Data\ConfigItemInterface;
use StoreController\Bridge\Api\Data\ConfigResultInterface;
use StoreController\Bridge\Core\Bookkeeper;
use StoreController\Bridge\Core\CacheNeeds;
use StoreController\Bridge\Core\Checksum;
use StoreController\Bridge\Core\Manifest;
use StoreController\Bridge\Core\Outcome;
use StoreController\Bridge\Core\Plan;
use StoreController\Bridge\Core\Planner;
use StoreController\Bridge\Core\RawItem;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Model\Config\Aftermath;
use StoreController\Bridge\Model\Config\LiveShop;
use StoreController\Bridge\Model\Config\ManifestStore;
use StoreController\Bridge\Model\Config\Query;
use StoreController\Bridge\Model\Config\WriteRefused;
use StoreController\Bridge\Model\Config\Writer;
use StoreController\Bridge\Model\Data\ApplyResult;
use StoreController\Bridge\Model\Data\ConfigResult;

/**
 * PUT config and POST config/query.
 */
class ConfigService implements ConfigInterface
{
    /**
     * Every later writer has to know a greater one.
     */
    private const LAST_REVISION = 2147483647;

    /**
     * @param Mutex $mutex
     * @param LiveShop $shop
     * @param Planner $planner
     * @param Writer $writer
     * @param Bookkeeper $bookkeeper
     * @param ManifestStore $manifests
     * @param Checksum $checksum
     * @param CacheNeeds $needs
     * @param StaleCaches $stale
     * @param Aftermath $aftermath
     * @param Query $query
     * @param Failures $failures
     */
    public function __construct(
        private readonly Mutex $mutex,
        private readonly LiveShop $shop,
        private readonly Planner $planner,
        private readonly Writer $writer,
        private readonly Bookkeeper $bookkeeper,
        private readonly ManifestStore $manifests,
        private readonly Checksum $checksum,
        private readonly CacheNeeds $needs,
        private readonly StaleCaches $stale,
        private readonly Aftermath $aftermath,
        private readonly Query $query,
        private readonly Failures $failures
    ) {
    }

    /**
     * @inheritDoc
     */
    public function apply(
        array $items,
        int $revision,
        bool $dryRun = false,
        bool $cleanCache = true,
        bool $replaceManaged = false
    ): ApplyResultInterface {
        $started = hrtime(true);
        if ($revision < 0 || $revision > self::LAST_REVISION) {
            throw $this->failures->malformed(
                new Refusal('The revision must be between 0 and %1.', [self::LAST_REVISION])
            );
        }
        $raw = $this->raw($items);
        return $this->mutex->alone(function () use ($raw, $revision, $dryRun, $cleanCache, $replaceManaged, $started) {
            $manifest = $this->manifests->load();
            if ($revision < $manifest->revision) {
                throw $this->failures->conflict(
                    'Revision %1 is older than the applied revision %2.',
                    [$revision, $manifest->revision]
                );
            }
            // What a killed writer left stale goes first: this process may have read it when it began, and a repeat
            // of that writer's batch finds nothing to change.
            $cleaned = $cleanCache ? $this->stale->clean() : [];
            $this->shop->look($this->paths($raw, $manifest, $replaceManaged));
            $plan = $this->planner->plan($this->shop, $raw, $manifest, $replaceManaged, $dryRun);
            if ($dryRun) {
                return $this->result($plan, $manifest, false, [], $started);
            }
            if ($plan->errors() !== []) {
                throw $this->failures->invalidItems($plan->errors(), count($raw));
            }
            $manifest = $this->write($plan, $manifest, $revision, $replaceManaged);
            if ($plan->writes !== []) {
                $cleaned = [...$cleaned, ...$this->aftermath->of($plan->writes, $cleanCache)];
            }
            return $this->result($plan, $manifest, true, array_values(array_unique($cleaned)), $started);
        });
    }

    /**
     * @inheritDoc
     */
    public function query(array $items): array
    {
        return $this->query->answer($this->raw($items));
    }

    /**
     * Writes a plan and what is to be remembered of it, in one transaction. Returns what is applied then.
     *
     * @param Plan $plan
     * @param Manifest $before
     * @param int $revision
     * @param bool $replace
     */
    private function write(Plan $plan, Manifest $before, int $revision, bool $replace): Manifest
    {
        $after = $before;
        $remember = function () use ($plan, $before, $revision, $replace, &$after): void {
            $after = $before->after($revision, $this->entries($plan, $before), $replace);
            $this->manifests->save($after);
            $this->stale->mark($this->needs->of($plan->paths()));
        };
        try {
            $this->writer->write($plan->writes, $plan->wanted, $remember);
        } catch (WriteRefused $refused) {
            throw $this->failures->refusedSetting($refused);
        }
        return $after;
    }

    /**
     * Returns what to remember, looking at what was really stored.
     *
     * @param Plan $plan
     * @param Manifest $before
     * @return array<string, \StoreController\Bridge\Core\Entry>
     */
    private function entries(Plan $plan, Manifest $before): array
    {
        $this->shop->look(array_map(static fn ($write): string => $write->setting->path, array_values($plan->wanted)));
        $entries = [];
        foreach ($plan->wanted as $key => $write) {
            $setting = $write->setting;
            $now = $this->shop->stored($setting->path, $setting->scope, $write->field->encrypted);
            $entries[$key] = $this->bookkeeper->entry($write, $now, $before->find($key));
        }
        return $entries;
    }

    /**
     * Takes the items out of Magento's data objects.
     *
     * @param ConfigItemInterface[] $items
     * @return RawItem[]
     */
    private function raw(array $items): array
    {
        return array_map(static fn (ConfigItemInterface $item): RawItem => new RawItem(
            trim((string)$item->getPath()),
            $item->getScope(),
            $item->getScopeCode(),
            $item->getValue(),
            (bool)$item->getInherit()
        ), array_values($items));
    }

    /**
     * Returns every path that the batch is about.
     *
     * @param RawItem[] $items
     * @param Manifest $manifest
     * @param bool $replace
     * @return string[]
     */
    private function paths(array $items, Manifest $manifest, bool $replace): array
    {
        $paths = array_map(static fn (RawItem $item): string => $item->path, $items);
        foreach ($replace ? array_keys($manifest->entries) : [] as $key) {
            $paths[] = explode('|', $key, 3)[2];
        }
        return array_values(array_unique($paths));
    }

    /**
     * Returns the answer.
     *
     * @param Plan $plan
     * @param Manifest $manifest
     * @param bool $applied
     * @param string[] $cleaned
     * @param int|float $started
     */
    private function result(
        Plan $plan,
        Manifest $manifest,
        bool $applied,
        array $cleaned,
        int|float $started
    ): ApplyResultInterface {
        return new ApplyResult(
            $applied,
            $manifest->revision,
            $this->checksum->of(array_map($this->bookkeeper->plain(...), $manifest->entries)),
            $plan->changed(),
            $plan->unchanged(),
            count($plan->errors()),
            $cleaned,
            (int)round((hrtime(true) - $started) / 1e6),
            array_map($this->told(...), $plan->outcomes)
        );
    }

    /**
     * Returns one outcome as the contract tells it.
     *
     * @param Outcome $outcome
     */
    private function told(Outcome $outcome): ConfigResultInterface
    {
        return new ConfigResult(
            path: $outcome->path,
            scope: $outcome->scope,
            status: $outcome->status,
            scopeCode: $outcome->scopeCode === '' ? null : $outcome->scopeCode,
            message: $outcome->message,
            sensitive: $outcome->field?->isSensitive(),
            locked: $outcome->field === null ? null : false,
            backendModel: $outcome->field?->backendModel
        );
    }
}
