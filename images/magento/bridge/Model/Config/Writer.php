<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Config;

use Magento\Config\Model\ResourceModel\Config\Data as ConfigResource;
use Magento\Framework\App\Config\Value;
use Magento\Framework\App\Config\ValueFactory;
use Magento\Framework\Exception\LocalizedException;
use StoreController\Bridge\Core\FormData;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Core\Write;

/**
 * Writes settings through their backend models in one transaction.
 *
 * Not through Magento\Config\Model\Config::save(): it re-reads the whole configuration before and after each
 * section. Inside a transaction that publishes uncommitted values in the shared cache, and a process that is
 * killed then leaves them there.
 */
class Writer
{
    /**
     * @param Fields $fields
     * @param LiveShop $shop
     * @param FormData $forms
     * @param ValueFactory $values
     * @param ConfigResource $resource
     */
    public function __construct(
        private readonly Fields $fields,
        private readonly LiveShop $shop,
        private readonly FormData $forms,
        private readonly ValueFactory $values,
        private readonly ConfigResource $resource
    ) {
    }

    /**
     * Writes all or nothing.
     *
     * @param Write[] $writes
     * @param array<string,Write> $batch every item of the batch; backend models look at their siblings
     * @param callable $beforeCommit what belongs in the same transaction
     * @throws WriteRefused when a backend model refuses its value; everything was rolled back then
     * @throws \Throwable whatever else goes wrong; everything was rolled back then
     */
    public function write(array $writes, array $batch, callable $beforeCommit): void
    {
        $models = array_map(fn (Write $write): Value => $this->model($write, $batch), $writes);
        // The resource model's transaction and not the connection's: only its commit() runs what models put off
        // until after the commit, as the price scope does with its index.
        $this->resource->beginTransaction();
        try {
            foreach ($models as $index => $model) {
                $this->store($model, $writes[$index]);
            }
            $beforeCommit();
            $this->resource->commit();
        } catch (\Throwable $failure) {
            while ($this->resource->getConnection()->getTransactionLevel() > 0) {
                $this->resource->rollBack();
            }
            throw $failure;
        }
    }

    /**
     * Lets a backend model write or delete its row.
     *
     * @param Value $model
     * @param Write $write
     * @throws WriteRefused
     */
    private function store(Value $model, Write $write): void
    {
        try {
            $write->setting->inherit ? $model->delete() : $model->save();
        } catch (LocalizedException $reason) {
            throw new WriteRefused($write, $reason);
        }
    }

    /**
     * Returns the backend model of a setting, told what the administration's form would tell it.
     *
     * @param Write $write
     * @param array<string,Write> $batch
     */
    private function model(Write $write, array $batch): Value
    {
        $setting = $write->setting;
        $field = $write->field;
        $groups = $this->forms->groups($this->shop, $setting->scope, $field->section(), $batch);
        $parts = explode('/', $field->structurePath);
        [$model, $data] = $this->backend($write);
        $model->addData([
            'field' => end($parts),
            'groups' => $groups,
            'group_id' => $parts[count($parts) - 2] ?? '',
            'scope' => $setting->scope->type,
            'scope_id' => $this->shop->scopeId($setting->scope),
            'scope_code' => $setting->scope->code === '' ? null : $setting->scope->code,
            'field_config' => $data,
            'fieldset_data' => $this->siblings($groups, array_slice($parts, 1, -1)),
        ]);
        $model->setPath($setting->path);
        $model->setValue($this->forms->value($field, $setting->wanted()));
        $id = $this->shop->rowId($setting->path, $setting->scope);
        if ($id !== null) {
            $model->setId($id);
        }
        return $model;
    }

    /**
     * Returns a new backend model and what the structure says about its field.
     *
     * @param Write $write
     * @return array{Value, array<string, mixed>}
     */
    private function backend(Write $write): array
    {
        try {
            $element = $this->fields->element($write->setting->path);
        } catch (Refusal) {
            // The module that had the setting is gone; its row can still be deleted.
            return [$this->values->create(), []];
        }
        $model = $element->hasBackendModel() ? $element->getBackendModel() : $this->values->create();
        return [$model, $element->getData()];
    }

    /**
     * Returns the values of the fields that share a group.
     *
     * @param array<string,mixed> $groups
     * @param string[] $path
     * @return array<string, mixed>
     */
    private function siblings(array $groups, array $path): array
    {
        $group = [];
        foreach ($path as $name) {
            $group = $groups[$name] ?? [];
            $groups = $group['groups'] ?? [];
        }
        return array_map(static fn (array $posted): mixed => $posted['value'] ?? null, $group['fields'] ?? []);
    }
}
