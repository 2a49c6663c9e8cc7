<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Config;

use StoreController\Bridge\Api\Data\ConfigResultInterface;
use StoreController\Bridge\Core\Bookkeeper;
use StoreController\Bridge\Core\Entry;
use StoreController\Bridge\Core\Field;
use StoreController\Bridge\Core\Fingerprint;
use StoreController\Bridge\Core\Options;
use StoreController\Bridge\Core\Planner;
use StoreController\Bridge\Core\RawItem;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Core\Scope;
use StoreController\Bridge\Core\ScopeMissing;
use StoreController\Bridge\Core\Setting;
use StoreController\Bridge\Model\Data\ConfigResult;
use StoreController\Bridge\Model\Identity;

/**
 * Answers what is in force, where it comes from, and what was applied last.
 */
class Query
{
    private const HIDDEN = '******';

    /**
     * @param LiveShop $shop
     * @param Planner $planner
     * @param ManifestStore $manifests
     * @param Bookkeeper $bookkeeper
     * @param Fingerprint $fingerprint
     * @param Options $options
     * @param Identity $identity
     */
    public function __construct(
        private readonly LiveShop $shop,
        private readonly Planner $planner,
        private readonly ManifestStore $manifests,
        private readonly Bookkeeper $bookkeeper,
        private readonly Fingerprint $fingerprint,
        private readonly Options $options,
        private readonly Identity $identity
    ) {
    }

    /**
     * Answers every item; one that cannot be asked about is an error among the answers.
     *
     * @param RawItem[] $items
     * @return ConfigResultInterface[]
     */
    public function answer(array $items): array
    {
        $this->shop->look(array_values(array_unique(array_map(
            static fn (RawItem $item): string => $item->path,
            $items
        ))));
        $manifest = $this->manifests->load();
        $answers = [];
        foreach ($items as $item) {
            try {
                $place = $this->planner->locate($this->shop, $item->setting());
                $entry = $manifest->find($place->setting->key());
                $answers[] = $this->found($place->setting, $place->field, $entry);
            } catch (Refusal $refusal) {
                $answers[] = new ConfigResult(
                    path: $item->path,
                    scope: (string)$item->scope,
                    status: $refusal instanceof ScopeMissing ? 'no_scope' : 'error',
                    scopeCode: $item->scopeCode === '' ? null : $item->scopeCode,
                    message: $refusal->getMessage()
                );
            }
        }
        return $answers;
    }

    /**
     * Answers about a setting that is there.
     *
     * @param Setting $setting
     * @param Field $field
     * @param Entry|null $entry
     */
    private function found(Setting $setting, Field $field, ?Entry $entry): ConfigResultInterface
    {
        $scope = $setting->scope;
        $locked = $this->shop->isLocked($setting->path, $scope);
        $secret = $field->isSensitive();
        $value = $secret ? $this->shop->effectivePlain($field, $scope) : $this->shop->effective($setting->path, $scope);
        $applied = $entry === null ? null : $this->bookkeeper->plain($entry);
        $uid = $this->identity->uid();
        return new ConfigResult(
            path: $setting->path,
            scope: $scope->type,
            status: 'ok',
            scopeCode: $scope->isDefault() ? null : $scope->code,
            value: $secret && (string)$value !== '' ? self::HIDDEN : $value,
            sensitive: $secret,
            source: $this->source($setting, $field, $locked, $value),
            locked: $locked,
            backendModel: $field->backendModel,
            managed: $entry !== null,
            applied: $secret ? null : $applied,
            fingerprint: $secret ? $this->fingerprint->of($uid, $value) : null,
            appliedFingerprint: $secret ? $this->fingerprint->of($uid, $applied) : null,
            options: $field->hasOptions ? $this->options->told($this->shop->options($field)) : null
        );
    }

    /**
     * Says where the value in force comes from.
     *
     * @param Setting $setting
     * @param Field $field
     * @param bool $locked
     * @param string|null $value
     */
    private function source(Setting $setting, Field $field, bool $locked, ?string $value): string
    {
        $stored = $this->shop->stored($setting->path, $setting->scope, $field->encrypted);
        // Under a lock of the default scope a website's own row still holds.
        if ($stored->exists && (!$locked || $stored->plain === $value && $setting->scope->type !== Scope::DEFAULT)) {
            return 'database';
        }
        return $locked ? 'deployment' : 'inherited';
    }
}
